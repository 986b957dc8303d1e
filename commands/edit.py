"""Moves latents along directions, and draws the clips with the amounts.

    python generate.py edit --run=runs/faces                       # of the first layer
    python generate.py edit --run=runs/demo --weights=c3d.weights.h5 --label right up
    python generate.py edit --run=runs/faces --latents=projection.npz

Without --weights, the directions are those that change the first layer most. With --weights, random
clips are classified. A direction is then the difference of the mean latents of a class and of the
others.
"""

import argparse
from typing import TYPE_CHECKING

from commands.evaluation import add_weights
from commands.output import add_output, output_in_run
from commands.parser import Parser, real, whole
from commands.rendering import (
    add_latents,
    add_rendering,
    draw_latents,
    middle_frames,
    open_latents,
    render,
    truncate,
    write_grid,
)
from commands.snapshots import add_snapshot, open_snapshot
from metrics.protocols import protocol
from support.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from sampling.snapshot import Snapshot

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_OUTPUT = "edit.png"


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--num", type=whole(1), default=2, help="latents that are moved; all of --latents")
    flag("--count", type=whole(1), default=4, help="directions of the first layer")
    flag("--amount", type=real(0.01), default=1.0, help="how far, in lengths of a latent")
    flag("--steps", type=whole(2), default=5, help="amounts from minus to plus, the columns")
    add_weights(parser, "classifier, of train_c3d, for directions of classes")
    flag("--label", nargs="+", default=[], metavar="NAME", help="classes (default: all common)")
    flag("--draws", type=whole(16), default=512, help="clips that are classified")
    add_output(parser, _OUTPUT)
    add_latents(parser)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the picture."""
    output = output_in_run(args, _OUTPUT)
    if args.label and not args.weights:
        raise UserError("--label should be given with --weights.")
    snapshot = truncate(args, open_snapshot(args))
    import numpy as np

    from sampling.directions import move

    given = open_latents(args, snapshot)
    latents = given[0] if given else draw_latents(args, snapshot, args.num)
    directions, names = find_directions(args, snapshot)
    amounts = np.linspace(-args.amount, args.amount, args.steps)
    moved = move(latents, directions, amounts)  # [DNAK]
    labels = _labels(snapshot, len(latents)) if given is None else given[1]
    if labels is not None:
        labels = np.tile(np.repeat(labels, args.steps, axis=0), (len(directions), 1))
    clips = np.stack(list(render(snapshot, moved.reshape(-1, moved.shape[-1]), labels)))
    rows = [name for name in names for _ in latents]
    sheet = draw(clips, rows, amounts, output.suffix.lower() == ".png", args.plain)
    write_grid(args, output, sheet, snapshot)


def find_directions(
    args: argparse.Namespace, snapshot: "Snapshot"
) -> "tuple[np.ndarray, list[str]]":
    """Directions [D, K], and their names."""
    from sampling.directions import layer_directions

    if args.weights:
        return _directions_of_classes(args, snapshot)
    found, shares = layer_directions(snapshot, args.count)
    return found, [f"{number}. ({share:.0%})" for number, share in enumerate(shares, start=1)]


def draw(
    clips: "np.ndarray", rows: list[str], amounts: "np.ndarray", still: bool, plain: bool
) -> "np.ndarray":
    """A row per direction and latent, with a column per amount, and their names.

    Args:
        clips: [rows x amounts, T, H, W, 3] uint8.
        rows: their names.
        amounts: of the columns.
        still: whether to draw the middle frames alone.
        plain: whether to leave out the names.
    """
    from support.captions import add_caption, name_table
    from support.media import tile_clips

    sheet = tile_clips(middle_frames(clips) if still else clips, len(amounts))
    if plain:
        return sheet
    columns = [f"{amount:+.2g}" if amount else "0" for amount in amounts]
    return add_caption(name_table(sheet, rows, columns), "amounts, in lengths of a latent")


def _directions_of_classes(args, snapshot):
    """Directions of the classes of a classifier."""
    if snapshot.config.num_classes:
        raise UserError(
            "--weights should be given for a generator without classes. This one is given the "
            "class: use generate.py interpolation --label."
        )
    from sampling.directions import class_directions, common_classes
    from scoring.features import load_extractor
    from scoring.generated import GeneratedClips

    extractor = load_extractor(args.weights, protocol(args.protocol), None)
    seed = snapshot.config.train.seed if args.seed is None else args.seed
    fakes = GeneratedClips.of_snapshot(snapshot, args.draws, seed)
    found = extractor.extract(fakes, range(args.draws)).probabilities.argmax(1)
    count = extractor.about["num_classes"]
    names = extractor.about.get("class_names") or [str(label) for label in range(count)]
    for name in args.label:
        if name not in names:
            raise UserError(f"--label should be one of {', '.join(names)}. Received: {name}")
    classes = [names.index(name) for name in args.label] or common_classes(found, names)
    if len(classes) < len(args.label or names):
        rare = [name for label, name in enumerate(names) if label not in classes]
        print(f"Too few clips, left out: {', '.join(rare)}")
    directions, shares = class_directions(fakes.latents, found, classes, names)
    titles = zip(classes, shares, strict=True)
    return directions, [f"{names[label]} ({share:.0%})" for label, share in titles]


def _labels(snapshot, num):
    """The classes of drawn latents, as even as in samples, as weights; None without classes."""
    import numpy as np

    from sampling.latents import even_labels

    classes = snapshot.config.num_classes
    if not classes:
        return None
    return np.eye(classes, dtype=np.float32)[even_labels(num, range(classes))]
