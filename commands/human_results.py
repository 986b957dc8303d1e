"""Summarises the answers that people gave in a study: preferences, agreement, failed raters.

python evaluate.py human_results --key=study/key.json --answers answers-*.csv
"""

import argparse
from pathlib import Path

from commands.output import check_file
from commands.parser import Parser, real
from support.files import write_json

LIGHT = True


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag("--key", type=Path, required=True, help="key.json of the study")
    flag("--answers", type=Path, nargs="+", required=True, help="files that the page saved")
    flag(
        "--min_catch",
        type=real(0, 1),
        default=0.8,
        help="share of catch pairs that a rater should get right to count",
    )
    flag("--output", type=Path, help="JSON file to write (default: none)")


def run(args: argparse.Namespace):
    """Prints the summary."""
    if args.output:
        check_file(args.output, ["json"])
    from scoring.human_study.results import read_answers, read_key, summarise

    key = read_key(args.key)
    found = summarise(key, read_answers(args.answers, key), args.min_catch)
    for line in describe(found):
        print(line)
    if args.output:
        write_json(args.output, found | {"min_catch": args.min_catch})
        print(args.output)


def describe(found: dict) -> list[str]:
    """The lines of a summary, as `summarise` returns it."""
    raters = found["raters"]
    kept = [name for name, rater in raters.items() if not rater["failed"]]
    lines = [f"{len(kept)} of {len(raters)} raters count; {found['left']:.0%} of answers are left."]
    for name, rater in raters.items():
        if rater["failed"]:
            lines.append(f"{name} failed: {rater['right']} of {rater['catch']} catch pairs right.")
    for pair in found["pairs"]:
        first, second = pair["models"]
        lines.append(
            f"{first} was preferred to {second} in {pair['share']:.1%} of {pair['answers']} "
            f"answers (95 % interval {pair['low']:.1%} to {pair['high']:.1%}, p = {pair['p']:.3g})."
        )
    strengths = found["strengths"]
    if len(found["pairs"]) > 1:
        if strengths is None:
            lines.append(
                "Bradley-Terry has no finite strengths: some models always won or never met."
            )
        else:
            ranked = sorted(strengths.items(), key=lambda item: -item[1])
            shown = ", ".join(f"{name} {strength:.3f}" for name, strength in ranked)
            lines.append(f"Strengths of Bradley and Terry: {shown}.")
    if found["agreement"] is not None:
        kappa = "undefined" if found["kappa"] is None else f"{found['kappa']:.2f}"
        lines.append(
            f"Two raters agree in {found['agreement']:.0%} of cases, Fleiss' kappa {kappa}."
        )
    return lines
