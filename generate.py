"""Makes clips and pictures with a generator: a run's, or one that was passed on.

python generate.py samples --config=faces               # runs/faces -> runs/faces/samples.mp4
python generate.py samples --num=100 --layout=clips --output=clips      # clips/clip-0000.mp4 ...
python generate.py samples --num=10000 --output=clips.npy     # one array [N, T, H, W, C] of uint8
python generate.py interpolation --output=interpolation.mp4
python generate.py interpolation --loop --output=loop.gif
python generate.py progress --output=progress.png
python generate.py curves --output=curves.png
python generate.py samples --model=gs-000012000.weights.h5    # and its card gs-000012000.json
python generate.py export --format=onnx                 # runs/faces -> runs/faces/onnx
"""

import argparse
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from absl.flags import argparse_flags

from growth.resample import upscale
from run_folder.reading import read_config, read_history
from sampling.export import FORMS
from sampling.export import export as write_export
from sampling.latents import sample_latents
from sampling.snapshot import Snapshot, choose_snapshot, list_snapshots, load_snapshot
from support.errors import UserError
from support.files import new_folder, write_atomically
from support.media import evenly, filmstrip, tile_clips, to_uint8, write_clip
from support.plots import plot_curves
from support.progress import Progress
from support.script import run_script

LEAST = {"num": 1, "pairs": 1, "steps": 1, "columns": 1, "fps": 1, "seed": 0, "truncation": 0.01}
LOOP_FRAMES = 64  # moments of a way round, at least


def samples(args):
    """Makes clips of random latents: a grid, single clips, or one array."""
    snapshot = choose_snapshot(args.model, args.run, args.snapshot)
    clips = render(snapshot, draw_latents(args, snapshot, args.num))
    if args.layout == "clips":
        with new_folder(args.output) as folder:
            for i, clip in enumerate(clips):
                write_clip(folder / f"clip-{i:04d}.{args.format}", clip, args.fps)
    elif args.format == "npy":
        write_array(args.output, clips, (args.num, *rung_of(snapshot).shape, 3))
    else:
        clips = np.stack(list(clips))
        sheet = filmstrip(clips) if args.format == "png" else tile_clips(clips)
        write_clip(args.output, sheet, args.fps)


def interpolation(args):
    """Goes from latent to latent on a straight line (appendix B of the thesis), or in a loop."""
    snapshot = choose_snapshot(args.model, args.run, args.snapshot)
    begin, end = np.split(draw_latents(args, snapshot, 2 * args.pairs), 2)
    if args.loop:
        clips = render_loops(snapshot, begin, end)
        sheet = filmstrip(clips) if args.format == "png" else tile_clips(clips)
        write_clip(args.output, sheet, args.fps)
    else:
        latents = np.linspace(begin, end, args.steps, axis=1)  # [NSK]
        clips = render(snapshot, latents.reshape(-1, latents.shape[-1]))
        write_clip(args.output, grid(args, np.stack(list(clips)), args.steps), args.fps)


def progress(args):
    """Shows the same latents over training (figure 8.1 of the thesis), all at the full size."""
    known = list_snapshots(args.run)
    # Where there is none, `load_snapshot` says so.
    chosen = [known[i] for i in evenly(len(known), args.columns)] or [None]
    columns = []
    for nimg in chosen:
        snapshot = load_snapshot(args.run, nimg)
        clips = snapshot.sample(draw_latents(args, snapshot, args.num), snapshot.phase.minibatch)
        full, rung = snapshot.config.ladder[-1], rung_of(snapshot)
        columns.append(upscale(to_uint8(clips), np.floor_divide(full.shape, rung.shape)))
        print(f"column {len(columns)}: kimg {nimg / 1000:g}, {rung} {snapshot.phase}")
    rows = np.stack(columns, axis=1)  # [NSTHWC]
    write_clip(args.output, grid(args, rows.reshape(-1, *rows.shape[2:]), len(chosen)), args.fps)


def curves(args):
    """Plots losses and sliced Wasserstein distance against kimg."""
    config, history = read_config(args.run), read_history(args.run)
    if not history:
        raise UserError(f"{args.run} should hold the history of at least a tick. Received: none")
    plot_curves(history, config.loss.terms[1:], args.output)


def export(args):
    """Writes a folder that needs nothing of this project: a SavedModel, ONNX, or weights."""
    write_export(choose_snapshot(args.model, args.run, args.snapshot), args.output, args.format)


def draw_latents(args: argparse.Namespace, snapshot: Snapshot, num: int) -> np.ndarray:
    """Latents [num, K] as the flags say; by default the first are those pictured in training."""
    config = snapshot.config
    seed = config.train.seed if args.seed is None else args.seed
    return sample_latents(num, config.network.latent_size, seed, args.truncation)


def render(snapshot: Snapshot, latents: np.ndarray) -> Iterator[np.ndarray]:
    """Yields a clip [T, H, W, 3] uint8 of each of `latents` [N, K], a minibatch in memory."""
    done, size = Progress(len(latents), "clips"), snapshot.phase.minibatch
    for part in np.split(latents, range(size, len(latents), size)):
        yield from to_uint8(snapshot.sample(part, size))
        done.advance(len(part))
    done.close()


def render_loops(snapshot: Snapshot, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Clips that play forth and back while their latents go round a circle, once: no jumps.

    The circle passes begin, end, -begin and -end [N, K]; all its latents are as likely as these.

    Returns:
        [N, T, H, W, 3] uint8, T whole plays forth and back, `LOOP_FRAMES` or more.
    """
    frames = rung_of(snapshot).frames
    play = [*range(frames), *range(frames - 2, 0, -1)]  # 0 1 2 3 2 1
    total = len(play) * -(-LOOP_FRAMES // len(play))
    angle = np.linspace(0, 2 * np.pi, total, endpoint=False)[:, None]
    latents = np.cos(angle) * begin[:, None] + np.sin(angle) * end[:, None]  # [NTK]
    clips = render(snapshot, latents.reshape(-1, latents.shape[-1]))
    moments = np.stack([clip[play[i % len(play)]] for i, clip in enumerate(clips)])
    return moments.reshape(len(begin), total, *moments.shape[1:])


def grid(args: argparse.Namespace, clips: np.ndarray, columns: int) -> np.ndarray:
    """Clips [N, T, H, W, 3] as one, row by row; for a picture, their middle frames."""
    if args.format == "png":
        clips = clips[:, clips.shape[1] // 2, None]
    return tile_clips(clips, columns)


def rung_of(snapshot: Snapshot):
    """The rung that the snapshot's clips are of."""
    return snapshot.config.ladder[snapshot.phase.level]


def write_array(path: Path, clips: Iterable[np.ndarray], shape: tuple[int, ...]):
    """Writes uint8 `clips` as a .npy of `shape`, one after the other."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with write_atomically(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for clip in clips:
            file.write(clip.tobytes())


def main(args):
    for name, least in LEAST.items():
        if (value := getattr(args, name, None)) is not None and value < least:
            raise UserError(f"--{name} should be at least {least}. Received: {value}")
    if "model" in args and args.model:
        args.run = args.model.parent
    args.run = Path(args.run or f"runs/{args.config}")
    args.format, args.output = choose_output(args)
    args.command(args)
    print(args.output)


def choose_output(args: argparse.Namespace) -> tuple[str, Path]:
    """The format and the path to write, the one as the other says where it is not given.

    Raises:
        UserError: the two do not agree, or the path cannot be written: told before the work.
    """
    folder, output = args.layout != "grid", args.output and Path(args.output)
    suffix = output.suffix[1:] if output and not folder else ""
    formats = [args.format] if args.format else args.formats
    if folder and args.format == "npy":
        raise UserError("--layout=clips should be of mp4, gif or png. Received: --format=npy")
    if output and not folder and suffix not in formats:
        endings = ", ".join(f".{ending}" for ending in formats)
        raise UserError(f"--output should end in {endings}. Received: {output}")
    file = f"{args.command.__name__}.{formats[0]}"
    names = {"grid": file, "clips": "clips", "export": formats[0]}
    output = output or args.run / names[args.layout]
    above = next(path for path in output.absolute().parents if path.exists())
    if not above.is_dir() or not os.access(above, os.W_OK) or (output.is_dir() and not folder):
        raise UserError(f"--output should be a path that can be written. Received: {output}")
    return suffix or formats[0], output


def parse(argv):
    """The sub-command and its flags."""
    parser = argparse_flags.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # absl has flags that begin with "run".
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(function, *formats, layout="grid"):
        command = commands.add_parser(
            function.__name__,
            help=function.__doc__,
            description=function.__doc__,
            inherited_absl_flags=None,
        )
        command.set_defaults(command=function, formats=formats, format=None, layout=layout)
        flag, endings = command.add_argument, ", ".join(formats)
        name = formats[0] if layout == "export" else f"{function.__name__}.{formats[0]}"
        flag("--config", default="faces", help="preset that was trained (faces)")
        flag("--output", help=f"path to write, {endings} (<run>/{name})")
        choice = command.add_mutually_exclusive_group()
        choice.add_argument("--run", help="folder of the run (runs/<config>)")
        if function in (samples, interpolation, export):
            choice.add_argument("--model", type=Path, help="weights, with their card, of any run")
            flag("--snapshot", type=int, help="nimg of the snapshot (the newest)")
        return flag

    def add_latents(flag):
        flag("--seed", type=int, help="of the latents (the run's, as the pictures of training)")
        flag("--truncation", type=float, help="draw values of latents beyond this anew (never)")
        flag("--fps", type=float, default=8, help="frames a second (8)")

    flag = add(samples, "mp4", "gif", "png", "npy")
    flag("--num", type=int, default=16, help="clips (16)")
    flag("--format", choices=["mp4", "gif", "png", "npy"], help="kind of file (as --output ends)")
    flag("--layout", choices=["grid", "clips"], default="grid", help="one file, or a folder (grid)")
    add_latents(flag)

    flag = add(interpolation, "mp4", "gif", "png")
    flag("--pairs", type=int, default=4, help="pairs of latents, the rows of the grid (4)")
    flag("--steps", type=int, default=8, help="clips from latent to latent, the columns (8)")
    flag("--loop", action="store_true", help="a clip a pair that plays on while its latent circles")
    add_latents(flag)

    flag = add(progress, "png", "mp4", "gif")
    flag("--num", type=int, default=4, help="latents, the rows (4)")
    flag("--columns", type=int, default=8, help="snapshots, evenly chosen (8)")
    add_latents(flag)

    add(curves, "png", "pdf", "svg")

    flag = add(export, *FORMS, layout="export")
    flag("--format", choices=FORMS, default="saved_model", help="kind of folder (saved_model)")
    return parser.parse_args(argv[1:])


if __name__ == "__main__":
    run_script(main, parse)
