"""Compares predicted frames with those that followed: PSNR, SSIM, MSE and MAE, by frame.

    python evaluate.py prediction --run=runs/kth --data=datasets/kth-val
    python evaluate.py prediction --run=runs/bair --protocol=bair --weights=i3d.weights.h5
    python evaluate.py prediction --run=runs/kth --lpips alexnet-owt-7be5be79.pth alex.pth

The last frame of the past and the mean of the past are predictions too, which a model should beat.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.datasets import open_cache
from commands.evaluation import add_generator, data_folder
from commands.output import check_file
from commands.parser import Parser, one_of, whole
from commands.snapshots import choose_run, describe, open_snapshot
from metrics.prediction_protocols import PREDICTION_PROTOCOLS
from support.files import write_json
from support.progress import Progress
from support.words import counted

if TYPE_CHECKING:
    from sampling.snapshot import Snapshot
    from scoring.clip_sets import RecordClips

NAME = "prediction"  # of the command
LIGHT = True  # Wrong flags are reported before TensorFlow is imported.
_COLUMNS = {  # Measures as they are printed.
    "psnr": ("PSNR", "{:.2f}"),
    "ssim": ("SSIM", "{:.4f}"),
    "mse": ("MSE", "{:.5f}"),
    "mae": ("MAE", "{:.4f}"),
    "mse_sum": ("MSE sum", "{:.1f}"),
    "mae_sum": ("MAE sum", "{:.1f}"),
    "lpips": ("LPIPS", "{:.4f}"),
    "sharpness": ("sharpness", "{:.2f}"),
    "diversity": ("diversity", "{:.2f}"),
}


def flags(parser: Parser):
    """Declares the flags."""
    add_generator(parser)
    flag = parser.add_argument
    flag("--protocol", type=one_of(PREDICTION_PROTOCOLS), default="any", help="how to compare")
    flag("--num", type=whole(1), help="clips (default: as the protocol, or all)")
    flag("--futures", type=whole(1), help="per clip; the best counts (default: as the protocol)")
    flag("--seed", type=whole(0), default=0, help="of the latents")
    flag("--weights", type=Path, help="I3D, for the Frechet distance of whole clips as well")
    flag(
        "--lpips",
        nargs=2,
        type=Path,
        metavar=("ALEXNET", "LINEAR"),
        help="weights for LPIPS: alexnet-owt-*.pth of torchvision, weights/v0.1/alex.pth of lpips",
    )
    flag(
        "--output",
        type=Path,
        help="JSON to write, with a .png of curves next to it (default: "
        "<run>/prediction-<protocol>-<nimg>.json)",
    )


def run(args: argparse.Namespace):
    """Prints the table, and writes it with the curves."""
    if args.output:
        check_file(args.output, ["json"])
    snapshot = open_snapshot(args)
    from sampling.futures import check_predicts
    from scoring.clip_sets import RecordClips
    from support.plots import plot_frames

    check_predicts(snapshot)
    config, chosen = snapshot.config, PREDICTION_PROTOCOLS[args.protocol]
    full, past = config.ladder[-1], config.prediction.past
    chosen.check(past, full.shape)
    folder, classes = data_folder(args, snapshot), config.network.classes
    reals = RecordClips(folder, full, classes, open_cache(args))
    found = measure(args, snapshot, reals)
    if args.weights:
        found["frechet_distance"] = measure_distance(args, snapshot, reals, found["clips"])
    print(f"{config.name}, {describe(snapshot)}: {past} frames to {full.frames - past}")
    print(describe_table(found))
    name = f"prediction-{chosen.name}-{snapshot.phase.nimg}.json"
    output = check_file(args.output or choose_run(args) / name, ["json"])
    write_json(output, found)
    names = {key: title for key, (title, _) in _COLUMNS.items()}
    plot_frames(found["methods"], names, past, output.with_suffix(".png"))
    print(f"{output}\n{output.with_suffix('.png')}")


def measure(args: argparse.Namespace, snapshot: "Snapshot", reals: "RecordClips") -> dict[str, Any]:
    """The errors of the model, of the last frame and of the mean, and what they depend on."""
    from metrics.lpips import LPIPS
    from scoring.prediction import compare, copy_last, mean_of_past, of_snapshot

    lpips = LPIPS(*args.lpips) if args.lpips else None
    config, chosen = snapshot.config, PREDICTION_PROTOCOLS[args.protocol]
    past = config.prediction.past
    num = min(args.num or chosen.clips or len(reals), len(reals))
    # Without a critic there is one future.
    futures = (args.futures or chosen.futures) if config.prediction.has_critic else 1
    methods = {
        "model": of_snapshot(snapshot, futures, args.seed, reals.labels()),
        "copy last": copy_last(past),
        "mean of past": mean_of_past(past),
    }
    with Progress(num, "clips compared") as progress:
        found = compare(
            *(reals, past, methods, num),
            grey=chosen.grey,
            futures=futures,
            lpips=lpips,
            advance=progress.advance,
        )
    return {
        "protocol": chosen.name,
        "past": past,
        "clips": num,
        "futures": futures,
        "seed": args.seed,
        "model": {"config": config.name, "weights": snapshot.weights_hash()},
        "reals": reals.about,
        "lpips_weights": lpips and lpips.sha256,
        "methods": found,
    }


def measure_distance(
    args: argparse.Namespace, snapshot: "Snapshot", reals: "RecordClips", num: int
) -> dict[str, float]:
    """The Frechet distance of whole clips, their past included, and the floor of the reals."""
    from metrics.protocols import protocol
    from scoring.features import cache_beside, load_extractor
    from scoring.generated import GeneratedClips
    from scoring.score import score

    cache = cache_beside(reals.records.folder)
    extractor = load_extractor(args.weights, protocol("fvd"), cache)
    fakes = GeneratedClips.of_snapshot(snapshot, num, args.seed, reals)
    found = score(extractor, reals, fakes, num=num, seed=args.seed)
    values = found["measures"]["frechet_distance"]
    return {key: values[key] for key in ("value", "floor", "floor_clips")}


def describe_table(found: dict[str, Any]) -> str:
    """A row per method, and the Frechet distance where it was measured."""
    measures = [key for key in _COLUMNS if any(key in row for row in found["methods"].values())]
    best = f", the best of {found['futures']} futures each" if found["futures"] > 1 else ""
    lines = [f"{counted(found['clips'], 'clip')} of {found['reals']['folder']}{best}"]
    lines += [f"{'':<14}" + "".join(f"{_COLUMNS[key][0]:>11}" for key in measures)]
    for name, row in found["methods"].items():
        cells = [
            _COLUMNS[key][1].format(row[key]["mean"]) if key in row else "" for key in measures
        ]
        lines.append(f"{name:<14}" + "".join(f"{cell:>11}" for cell in cells))
    if "frechet_distance" in found:
        text = "Frechet distance of whole clips, past included: {value:.6g} (floor {floor:.6g} of "
        text += "reals against reals, {floor_clips} clips)"
        lines.append(text.format(**found["frechet_distance"]))
    return "\n".join(lines)
