"""Computes inception score, Frechet and kernel distance under a named protocol."""

import argparse
from pathlib import Path

from commands.evaluation import (
    add_controls,
    add_generator,
    add_network,
    choose_output,
    chosen_controls,
    open_extractor,
    open_held_out,
    open_sets,
)
from commands.output import check_file
from commands.parser import Parser, whole
from metrics.protocols import protocol
from support.files import write_json
from support.words import counted

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    add_network(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), help="clips (default: as the protocol)")
    flag(
        "--balanced",
        action="store_true",
        help="as many clips of each class (default: as frequent as in the reals)",
    )
    add_controls(parser, "changed reals")
    flag("--output", type=Path, help="JSON to write (default: <run>/score-<protocol>-<nimg>.json)")


def run(args: argparse.Namespace):
    """Prints the score, and writes it with all that it depends on."""
    if args.output:
        check_file(args.output, ["json"])
    chosen = protocol(args.protocol)
    count = (args.num or chosen.clips) * chosen.repeats
    reals, fakes = open_sets(args, count, even_labels=args.balanced)
    output = choose_output(args, f"score-{chosen.name}", ["json"], fakes)
    from scoring.score import score

    found = score(
        open_extractor(args, reals),
        reals,
        fakes,
        num=args.num,
        seed=args.seed,
        held_out=open_held_out(args, reals),
        controls=chosen_controls(args),
    )
    print(describe(found))
    write_json(output, found)
    print(output)


def describe(found: dict) -> str:
    """A score in some lines: each measure with that of the reals, then the controls."""
    fakes, trained = found["fakes"], found["network"].get("training")
    clips = counted(fakes["scored"], "clip")
    lines = [f"{found['protocol']['name']}: {clips}, {fakes['frames']}"]
    if trained and trained["protocol"] != found["protocol"]["name"]:
        lines.append(f"The network was trained under the protocol {trained['protocol']}.")
    for name, values in found["measures"].items():
        title = name.replace("_", " ")
        if name == "inception_score":
            text = "{value:.3f} (+-{spread:.3f} over splits); reals {reals:.3f}, "
            text += "perfect {perfect:.3f}, max {max:.3f} with {clips_in_split} clips in a split; "
            text += "entropy {class_entropy:.3f} of the classes (reals {reals_class_entropy:.3f}), "
            text += "{clip_entropy:.3f} of a clip's class (reals {reals_clip_entropy:.3f})"
        else:
            text = "{value:.6g} (floor {floor:.6g} of reals against reals, {floor_clips} clips)"
            if values["at_floor_clips"] is not None:
                text += "; {at_floor_clips:.6g} with as many clips as the floor"
        lines.append(f"{title}: {text.format(**values)}")
    for control, values in found["controls"].items():
        texts = [f"{name.replace('_', ' ')} {value:.6g}" for name, value in values.items()]
        lines.append(f"reals, {control}: {', '.join(texts)}")
    return "\n".join(lines)
