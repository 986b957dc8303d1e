"""Finds the latents whose clip is nearest to a real one, and draws the way there.

    python generate.py project --run=runs/faces --source=face.mp4
    python generate.py project --run=runs/faces --data=datasets/faces --index=3 --held_out=val

The latents are written next to the picture (.npz), for --latents of samples, interpolation
and edit.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.evaluation import add_weights, data_folder
from commands.output import add_output, output_in_run
from commands.parser import Parser, real, whole
from commands.prediction import at_rung
from commands.rendering import add_label, choose_labels, write_grid
from commands.snapshots import add_snapshot, open_snapshot
from metrics.protocols import protocol
from support.errors import UserError
from support.files import write_json
from support.media import FPS
from support.progress import Progress

if TYPE_CHECKING:
    import numpy as np

    from sampling.projection import Projection
    from sampling.snapshot import Snapshot

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_OUTPUT = "projection.png"


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--data", type=Path, help="data set folder (default: that of the run)")
    choice.add_argument("--source", type=Path, help="video whose first frames are the clip")
    flag("--index", type=whole(0), default=0, help="which clip of --data")
    add_weights(parser, "compare features of this network (default: pixels)")
    flag("--steps", type=whole(1), default=200, help="of the gradient")
    flag("--restarts", type=whole(1), default=4, help="starts that are tried")
    flag("--rate", type=real(0.0001, 10), default=0.1, help="of Adam")
    flag("--seed", type=whole(0), default=0, help="of the starts")
    flag("--held_out", type=Path, help="data set of clips to project too, not trained on")
    flag("--num", type=whole(1), default=8, help="held-out clips")
    add_output(parser, _OUTPUT)
    add_label(parser)
    flag("--fps", type=real(1), help=f"frames per second (default: the data set's, or else {FPS})")
    flag("--plain", action="store_true", help="draw no captions")


def run(args: argparse.Namespace):
    """Writes picture, latents and distances."""
    output = output_in_run(args, _OUTPUT)
    snapshot = open_snapshot(args)
    from sampling.projection import save_latents

    target = read_target(args, snapshot)
    label = _label(args, snapshot)
    others = read_held_out(args, snapshot)
    total = args.steps * (1 + len(others))
    with Progress(total, "steps") as progress:
        found = find(args, snapshot, target, label, progress)
        held_out = [find(args, snapshot, clip, label, progress).distance for clip in others]
    kind = "features" if args.weights else "pixels"
    ends = found.distances.min(1)
    record = {
        "distance": found.distance,
        "start": float(found.distances[:, 0].min()),
        "restarts": ends.tolist(),
        "held_out": held_out,
        "compares": kind,
        "steps": args.steps,
        "seed": args.seed,
    }
    print(describe(record))
    write_grid(args, output, draw(args, snapshot, target, found, output), snapshot)
    latents = output.with_suffix(".npz")
    save_latents(latents, found.latents[None], None if found.label is None else found.label[None])
    print(latents)
    write_json(output.with_suffix(".json"), record)


def describe(record: dict) -> str:
    """The distances in a line or two."""
    import numpy as np

    text = (
        f"distance {record['distance']:.4g} ({record['compares']}), {record['start']:.4g} at the "
        f"start; restarts end at {min(record['restarts']):.4g} to {max(record['restarts']):.4g}"
    )
    if record["held_out"]:
        median = np.median(record["held_out"])
        text += (
            f"\nheld-out clips: median {median:.4g} of {len(record['held_out'])}; the clip has "
            f"{record['distance'] / median:.3f} times that. Training clips that project much "
            "better than held-out ones are a sign of memorisation."
        )
    return text


def read_target(args: argparse.Namespace, snapshot: "Snapshot") -> "np.ndarray":
    """The clip to project, [T, H, W, 3] uint8 at the full size; raises `UserError`."""
    full = snapshot.config.ladder[-1]
    if args.source:
        from dataset.beginnings import read_beginnings

        return read_beginnings(args.source, full, full.frames, 1)[0]
    from scoring.clip_sets import RecordClips

    reals = RecordClips(data_folder(args, snapshot), full)
    if args.index >= len(reals):
        raise UserError(f"--index should be below {len(reals)}. Received: {args.index}")
    return next(reals.clips([args.index]))


def read_held_out(args: argparse.Namespace, snapshot: "Snapshot") -> "list[np.ndarray]":
    """Some clips of --held_out, at the full size."""
    if not args.held_out:
        return []
    import numpy as np

    from scoring.clip_sets import RecordClips

    clips = RecordClips(args.held_out, snapshot.config.ladder[-1])
    return list(clips.clips(np.random.default_rng(args.seed).permutation(len(clips))[: args.num]))


def find(
    args: argparse.Namespace,
    snapshot: "Snapshot",
    target: "np.ndarray",
    label: int | None,
    progress: Progress,
) -> "Projection":
    """The projection of a clip [T, H, W, 3] uint8 at the full size."""
    from sampling.projection import pixel_distance, project
    from support.media import from_uint8

    past = snapshot.take_past(from_uint8(target[None]))
    if args.weights:
        from scoring.features import load_extractor
        from scoring.nearness import feature_distance

        extractor = load_extractor(args.weights, protocol(args.protocol), None)
        distance = feature_distance(extractor, target)
    else:
        distance = pixel_distance(from_uint8(at_rung(target, snapshot)))
    return project(
        *(snapshot, distance),
        steps=args.steps,
        restarts=args.restarts,
        rate=args.rate,
        seed=args.seed,
        label=label,
        past=past,
        advance=progress.advance,
    )


def draw(
    args: argparse.Namespace,
    snapshot: "Snapshot",
    target: "np.ndarray",
    found: "Projection",
    output: Path,
) -> "np.ndarray":
    """The target, the start, some steps and the end: as rows of frames, or side by side."""
    import numpy as np

    from support.captions import name_columns, name_rows
    from support.media import filmstrip, from_uint8, tile_clips, to_uint8

    labels = None if found.label is None else np.repeat(found.label[None], len(found.way), 0)
    past = snapshot.take_past(from_uint8(target[None]))
    past = None if past is None else np.repeat(past, len(found.way), 0)
    made = to_uint8(snapshot.sample(found.way, labels=labels, past=past))
    clips = np.concatenate([at_rung(target, snapshot)[None], made])
    steps = [f"step {step}" for step in found.way_steps]
    names = ["target", *("start" if step == "step 0" else step for step in steps)]
    if output.suffix.lower() == ".png":
        sheet = filmstrip(clips)
        return sheet if args.plain else name_rows(sheet, names)
    sheet = tile_clips(clips, len(clips))
    return sheet if args.plain else name_columns(sheet, names)


def _label(args, snapshot):
    """The class of --label, or None: it is found too."""
    if len(args.label) > 1:
        raise UserError(f"--label should be one class. Received: {len(args.label)}")
    return choose_labels(args, snapshot)[0] if args.label else None
