"""Measures frames: how real they look on their own, over time, and whether content stays the same.

    python evaluate.py frames --run=runs/faces --protocol=inception_keras --weights=i.weights.h5
    python evaluate.py frames --run=runs/demo --weights=c3d.weights.h5 --protocol=c3d_torch
    python evaluate.py frames --run=runs/demo        # content distance and motion energy alone

A C3D is given each frame as a frozen clip of 16 frames, and so judges appearance alone.
"""

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
from commands.parser import Parser, one_of, whole
from commands.score import describe as describe_score
from metrics.protocols import protocol
from support.errors import UserError
from support.files import write_json

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_TITLES = {"frechet_distance": "Frechet distance", "kernel_distance": "kernel distance"}
_LINES = {"fakes": "fakes", "floor": "floor: other reals", "shuffled": "other reals, shuffled"}


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    add_network(parser, required=False)
    flag = parser.add_argument
    flag("--num", type=whole(4), help="clips (default: as the protocol)")
    flag("--pick", default="random", type=one_of(["random", "all"]), help="frames of each clip")
    flag("--content_clips", type=whole(1), default=256, help="clips of the content distance")
    flag(
        "--content",
        default="colour",
        type=one_of(["colour", "network"]),
        help="what should stay the same: the colour of a shape on an even ground, or the features "
        "of --weights",
    )
    flag("--curve_clips", type=whole(0), default=256, help="clips of the curve over time; 0: none")
    add_controls(parser, "frames of changed reals")
    flag("--output", type=Path, help="JSON to write, with a .png of the curve next to it")


def run(args: argparse.Namespace):
    """Prints the measures, and writes them and the curve."""
    if args.output:
        check_file(args.output, ["json"])
    if args.content == "network" and not args.weights:
        raise UserError("--content=network should be given with --weights.")
    chosen = protocol(args.protocol)
    num = (args.num or chosen.clips) * chosen.repeats if args.weights else 0
    reals, fakes = open_sets(args, max(num, args.content_clips, args.curve_clips))
    output = choose_output(args, "frames", ["json"], fakes)
    held_out = open_held_out(args, reals)
    from scoring import frames

    found: dict = {"seed": args.seed, "fakes": fakes.about, "reals": reals.about}
    extractor = open_extractor(args, reals) if args.weights else None
    if extractor:
        found["score"] = frames.score_frames(
            *(extractor, reals, fakes, held_out),
            num=args.num or chosen.clips,
            pick=args.pick,
            seed=args.seed,
            controls=chosen_controls(args),
        )
        print(describe_score(found["score"]))
        print(f"Each clip is one frame ({args.pick}).")
    if extractor and args.curve_clips > 1:
        known, others, made = frames.stored_sets(
            reals, fakes, held_out, args.curve_clips, args.seed
        )
        found["curve"] = frames.frame_curve(extractor, known, others, made)
        found["curve"]["clips"] = len(made)
        print(describe_curve(found["curve"]))
        draw_curve(found["curve"], output.with_suffix(".png"))
    compared = frames.stored_sets(reals, fakes, held_out, args.content_clips, args.seed)
    sets = {"fakes": compared[2], "reals": compared[0]}
    if extractor and args.content == "network":
        found["content"] = frames.consistency(sets, frames.network_features(extractor))
    else:
        found["content"] = frames.consistency(sets)
    print(describe_content(found["content"], args.content))
    write_json(output, found)
    print(output)


def describe_content(found: dict[str, dict[str, float]], feature: str) -> str:
    """Content distances, each next to the motion energy, in a line per set."""
    unit = "grey levels" if feature == "colour" else "units of the features"
    return "\n".join(
        f"content distance {values['content_distance']:.4g} {unit} ({feature}), motion energy "
        f"{values['motion']:.3g} grey levels per frame: {name}, {values['clips']} clips"
        for name, values in found.items()
    )


def describe_curve(curve: dict) -> str:
    """The distances at the first, the middle and the last frame, in a line per measure."""
    numbers = curve["frames"]
    places = sorted({0, len(numbers) // 2, len(numbers) - 1})
    lines = []
    for name in curve["fakes"]:
        texts = [
            f"frame {numbers[i] + 1} {curve['fakes'][name][i]:.6g} "
            f"(floor {curve['floor'][name][i]:.6g})"
            for i in places
        ]
        lines.append(f"{_TITLES[name]} over time, {curve['clips']} clips: {', '.join(texts)}")
    return "\n".join(lines)


def draw_curve(curve: dict, output: Path):
    """Draws each distance against the number of the frame; prints the path."""
    if not curve["fakes"]:
        return
    from support.plots import plot_frames

    numbers = [number + 1 for number in curve["frames"]]
    methods = {
        title: {n: {"frames": v, "numbers": numbers} for n, v in curve[kind].items()}
        for kind, title in _LINES.items()
        if kind in curve
    }
    plot_frames(methods, _TITLES, 0, output)
    print(output)
