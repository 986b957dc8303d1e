"""Moves from latent to latent: a smooth walk, a loop, or a grid of clips on a line.

python generate.py interpolation --run=runs/faces                # through 4 latents, 2 s each
python generate.py interpolation --run=runs/faces --loop
python generate.py interpolation --run=runs/faces --steps=8      # appendix B of the thesis
"""

import argparse
from typing import TYPE_CHECKING

from commands.output import add_output, output_in_run
from commands.parser import Parser, real, whole
from commands.rendering import (
    add_label,
    add_latents,
    add_rendering,
    choose_labels,
    choose_rate,
    draw_latents,
    middle_frames,
    open_latents,
    render,
    truncate,
    write_grid,
)
from commands.snapshots import add_snapshot, open_snapshot, rung_of
from support.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from sampling.snapshot import Snapshot

LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_OUTPUT = "interpolation.mp4"
LOOP_FRAMES = 64  # minimum number of moments on a circle
_STEPS = 8  # of a grid in a picture that does not move


def flags(parser: Parser):
    """Declares the flags."""
    add_snapshot(parser)
    flag = parser.add_argument
    flag("--pairs", type=whole(1), default=4, help="walks, loops or lines: rows of the grid")
    flag("--points", type=whole(2), default=4, help="latents that a walk passes")
    flag("--seconds", type=real(0.1), default=2.0, help="of a walk from latent to latent")
    flag(
        "--steps",
        type=whole(1),
        help=f"in place of a walk: whole clips on a line from latent to latent, the columns "
        f"(default: none, or {_STEPS} in a .png)",
    )
    flag(
        "--loop",
        action="store_true",
        help="one seamless loop per pair: the latent moves around a circle",
    )
    add_output(parser, _OUTPUT)
    add_label(parser)
    add_latents(parser)
    add_rendering(parser)


def run(args: argparse.Namespace):
    """Writes the grid."""
    output = output_in_run(args, _OUTPUT)
    snapshot = truncate(args, open_snapshot(args))
    import numpy as np

    from support.media import filmstrip, tile_clips

    still = output.suffix.lower() == ".png"
    is_line = not args.loop and (args.steps is not None or still)
    num = 2 if args.loop or is_line else args.points
    latents = draw_latents(args, snapshot, num * args.pairs)
    ends = np.stack(np.split(latents, num), axis=1)  # [NLK]
    of_pairs = weigh_classes(args, snapshot)
    if given := open_latents(args, snapshot):  # They are the begins of the pairs, in turn.
        turns = np.arange(args.pairs) % len(given[0])
        ends[:, 0] = given[0][turns]
        if of_pairs and given[1] is not None:
            of_pairs = given[1][turns], of_pairs[1]
    if is_line:
        steps = args.steps or _STEPS
        latents = np.linspace(ends[:, 0], ends[:, 1], steps, axis=1)  # [NSK]
        weights = of_pairs and np.linspace(*of_pairs, steps, axis=1)  # [NSC]
        clips = np.stack(list(render(snapshot, _flat(latents), _flat(weights))))
        sheet = tile_clips(middle_frames(clips) if still else clips, steps)
    elif args.loop:
        clips = render_loops(snapshot, ends[:, 0], ends[:, 1], of_pairs)
        sheet = filmstrip(clips) if still else tile_clips(clips)
    else:
        moments = max(round(args.seconds * choose_rate(args, snapshot)), 1)
        sheet = tile_clips(render_walks(snapshot, ends, moments, of_pairs))
    write_grid(args, output, sheet, snapshot)


def weigh_classes(
    args: argparse.Namespace, snapshot: "Snapshot"
) -> "tuple[np.ndarray, np.ndarray] | None":
    """The weights of the classes [pairs, C] at the begin and the end of each pair.

    One --label is that of all pairs, and two are their begin and end. Without --label each pair has
    a class of its own, in turn; without classes there are no weights.

    Raises:
        UserError: no such class, or more than two.
    """
    import numpy as np

    if len(args.label) > 2:
        raise UserError(f"--label should be one or two classes. Received: {len(args.label)}")
    chosen = choose_labels(args, snapshot)
    if not chosen:
        return None
    one_hot = np.eye(snapshot.config.num_classes, dtype=np.float32)
    if args.label:
        ends = [[label] * args.pairs for label in (chosen[0], chosen[-1])]
    else:
        ends = [[chosen[i % len(chosen)] for i in range(args.pairs)]] * 2
    return one_hot[ends[0]], one_hot[ends[1]]


def render_loops(
    snapshot: "Snapshot",
    begin: "np.ndarray",
    end: "np.ndarray",
    classes: "tuple[np.ndarray, np.ndarray] | None" = None,
) -> "np.ndarray":
    """Clips that play forwards and backwards while their latents move around a circle, once.

    The circle passes begin, end, -begin and -end [N, K]; all its latents are as likely as these.
    The weights of `classes` go from the first ones to the second ones and back.
    There are no jumps, also from the last frame to the first.

    Returns:
        [N, T, H, W, 3] uint8; T is a multiple of the frames forwards and backwards, and
        `LOOP_FRAMES` or more.
    """
    import numpy as np

    play = len(_play(snapshot))
    total = play * -(-LOOP_FRAMES // play)
    angle = np.linspace(0, 2 * np.pi, total, endpoint=False)[:, None]
    latents = np.cos(angle) * begin[:, None] + np.sin(angle) * end[:, None]  # [NTK]
    return _render_moments(snapshot, latents, classes, (1 - np.cos(angle)) / 2)


def render_walks(
    snapshot: "Snapshot",
    latents: "np.ndarray",
    moments: int,
    classes: "tuple[np.ndarray, np.ndarray] | None" = None,
) -> "np.ndarray":
    """Clips that play forwards and backwards while their latents walk through `latents`.

    From latent to latent the way is a quarter of an ellipse, on which all latents are as likely as
    the ends. The walk is slow at its latents, so that its direction may change there.

    Args:
        snapshot: of the generator.
        latents: [N, L, K], L latents of each walk.
        moments: frames from latent to latent.
        classes: weights [N, C] at the begin and the end of the walks.

    Returns:
        [N, (L - 1) `moments` + 1, H, W, 3] uint8.
    """
    import numpy as np

    legs = latents.shape[1] - 1
    place = np.arange(legs * moments + 1)
    leg = np.minimum(place // moments, legs - 1)
    share = (1 - np.cos(np.pi * (place / moments - leg))) / 2  # Slow at both ends.
    angle = (np.pi / 2 * share)[:, None]
    walk = np.cos(angle) * latents[:, leg] + np.sin(angle) * latents[:, leg + 1]  # [NTK]
    return _render_moments(snapshot, walk, classes, (place / place[-1])[:, None])


def _play(snapshot):
    """The frames of a clip forwards and backwards, without jumps: 0 1 2 3 2 1."""
    frames = rung_of(snapshot).frames
    return [*range(frames), *range(frames - 2, 0, -1)]


def _render_moments(snapshot, latents, classes, share):
    """A frame of the clip of each of `latents` [N, T, K], as `_play` orders them: [N, T, H, W, 3].

    `share` [T, 1] is the weight of the second of `classes`.
    """
    import numpy as np

    play, weights = _play(snapshot), None
    if classes:
        weights = (1 - share) * classes[0][:, None] + share * classes[1][:, None]  # [NTC]
    count, total = latents.shape[:2]
    clips = render(snapshot, _flat(latents), _flat(weights))
    frames = np.stack([clip[play[i % total % len(play)]] for i, clip in enumerate(clips)])
    return frames.reshape(count, total, *frames.shape[1:])


def _flat(values):
    """[N, S, K] to [N S, K] float32; None stays."""
    return None if values is None else values.reshape(-1, values.shape[-1]).astype("float32")
