"""Classifies clips that were made for labels, and compares each class with its reals."""

import argparse
from pathlib import Path

from commands.evaluation import (
    add_generator,
    add_network,
    choose_output,
    open_extractor,
    open_held_out,
    open_sets,
)
from commands.output import check_file
from commands.parser import Parser, whole
from support.files import write_json

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
NAME = "labels"
_FORMATS = ("png", "pdf", "svg")


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    add_network(parser)
    flag = parser.add_argument
    flag("--num", type=whole(2), default=1024, help="clips, equally many of each class")
    flag(
        "--output",
        type=Path,
        help="picture of the confusion matrices (default: <run>/labels-<nimg>.png); the numbers "
        "are written next to it, as JSON",
    )


def run(args: argparse.Namespace):
    """Prints the scores, and writes them with a picture of who was taken for whom."""
    if args.output:
        check_file(args.output, _FORMATS)
    reals, fakes = open_sets(args, args.num, even_labels=True)
    output = choose_output(args, "labels", _FORMATS, fakes)
    from scoring.label_scores import label_scores
    from support.plots import plot_confusion

    held_out = open_held_out(args, reals)
    found = label_scores(
        open_extractor(args, reals),
        reals,
        fakes,
        num=args.num,
        seed=args.seed,
        held_out=held_out,
    )
    print(describe(found))
    if held_out is None:
        print("Reals: clips of --data, on which the classifier may be trained. Give --held_out.")
    plot_confusion(found["confusion"], reals.label_names, output)
    write_json(output.with_suffix(".json"), found)
    print(output)


def describe(found: dict) -> str:
    """The scores in some lines: all classes, then each."""
    accuracy = "accuracy {fakes:.3f} (shuffled frames {fakes_shuffled:.3f}); reals {reals:.3f} "
    accuracy += "(shuffled frames {reals_shuffled:.3f})"
    lines = [
        f"{found['clips']} clips: {accuracy.format(**found['accuracy'])}",
        f"Frechet distance within classes {_number(found['intra_frechet_distance'])} (floor "
        f"{_number(found['intra_floor'])} of equally many reals)",
    ]
    for row in found["classes"]:
        lines.append(
            f"{row['name']}: accuracy {_number(row['accuracy'])} (reals "
            f"{_number(row['accuracy_reals'])}), Frechet distance "
            f"{_number(row['frechet_distance'])} (floor {_number(row['floor'])}, "
            f"{row['clips']} clips)"
        )
    return "\n".join(lines)


def _number(value):
    return "none" if value is None else f"{value:.4g}"
