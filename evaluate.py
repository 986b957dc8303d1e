"""Scores what a generator makes, by protocols with a name.

python evaluate.py distance --config=faces             # runs/faces, datasets/faces; no network
python evaluate.py convert_weights --source=i3d/model.ckpt --output=i3d.weights.h5
python evaluate.py train_c3d --data=datasets/actions --output=c3d.weights.h5 --width=8
python evaluate.py score --config=ucf101 --protocol=tgan --weights=c3d.weights.h5
python evaluate.py score --clips=videos --data=data --protocol=fvd --weights=i3d.weights.h5
python evaluate.py memorisation --config=faces --weights=c3d.weights.h5
python evaluate.py plot --run runs/ucf101
python evaluate.py distance --model=gs-000012000.weights.h5 --data=datasets/faces   # and its card
"""

import argparse
import dataclasses
import json
import math
from pathlib import Path

from absl.flags import argparse_flags

from dataset.pipeline import ClipPipeline
from metrics import weights
from metrics.controls import CONTROLS
from metrics.protocols import PROTOCOLS, protocol
from metrics.published import PUBLISHED
from run_folder.reading import read_config, read_scores
from sampling.snapshot import choose_snapshot
from scoring.classifier import Classifier, Settings, train_classifier
from scoring.clip_sets import GeneratedClips, RecordClips, clip_set
from scoring.distance import check_reals, measure_distance
from scoring.features import cache_beside, load_extractor
from scoring.labelled import Labelled
from scoring.memorisation import find_neighbours
from scoring.score import score as take_score
from scoring.sets import check_apart
from support.errors import UserError
from support.files import write_json
from support.media import SUFFIXES, tile_clips, write_clip
from support.plots import plot_scores
from support.script import run_script


def score(args):
    """Inception score, Frechet and kernel distance by a protocol, with all that they depend on."""
    extractor = open_extractor(args)
    chosen = extractor.protocol
    reals, fakes = open_clips(args, (args.num or chosen.clips) * chosen.repeats)
    output = choose_output(args, f"score-{chosen.name}", ".json", {".json"}, fakes)
    found = take_score(
        extractor,
        reals,
        fakes,
        num=args.num,
        seed=args.seed,
        held_out=args.held_out and RecordClips(args.held_out, reals.rung),
        controls=tuple(CONTROLS) if "all" in args.controls else tuple(args.controls),
    )
    print(describe(found))
    write_json(output, found)
    print(output)


def distance(args):
    """Prints sliced Wasserstein distance and motion energy, each beside that of the reals."""
    snapshot = choose_snapshot(args.model, args.run, args.snapshot)
    config = snapshot.config
    clips = ClipPipeline(args.data, config.ladder, config.train.seed, config.train.mirror)
    check_reals(clips, args.num)
    found = measure_distance(snapshot, clips, args.num)
    for name, patches in (
        ("swd", "patches of space and time"),
        ("swd_spatial", "single frames alone"),
        ("swd_temporal", "single pixels' time alone"),
    ):
        print(
            f"sliced Wasserstein distance {found[name]:.1f} (reals against reals "
            f"{found[f'{name}_floor']:.1f}): {patches}"
        )
    print(
        "motion energy {motion:.2f} grey levels a frame (reals {motion_reals:.2f})".format(**found)
    )
    if args.most_distance is not None and found["swd"] > args.most_distance:
        raise UserError(
            f"The distance should be at most {args.most_distance:g}. Received: {found['swd']:.1f}"
        )
    bounds = [share * found["motion_reals"] for share in args.motion_within or (0, math.inf)]
    if not bounds[0] <= found["motion"] <= bounds[1]:
        raise UserError(
            f"The motion energy should be {bounds[0]:.2f} to {bounds[1]:.2f}. "
            f"Received: {found['motion']:.2f}"
        )


def memorisation(args):
    """Draws fakes above their nearest reals, and tells how near these are."""
    extractor = open_extractor(args)
    reals, fakes = open_clips(args, args.num)
    output = choose_output(args, "memorisation", ".png", SUFFIXES, fakes)
    held_out = args.held_out and RecordClips(args.held_out, reals.rung)
    found, clips = find_neighbours(extractor, reals, fakes, held_out, num=args.num, seed=args.seed)
    print(
        "distance of a fake to the nearest training clip: {nearest:.4g}, {ratio:.3f} times that of "
        "a held-out clip ({fakes} fakes, {reals} training clips, {held_out} held out)".format(
            **found
        )
    )
    if held_out is None:
        print("Held out: a tenth of --data, which may have been trained on. Give --held_out.")
    if output.suffix.lower() == ".png":
        clips = clips[:, :, clips.shape[2] // 2, None]
    columns = clips.swapaxes(0, 1)  # [1 + count, shown, T, H, W, C] A fake above its neighbours.
    write_clip(output, tile_clips(columns.reshape(-1, *clips.shape[2:]), len(clips)))
    record = {"network": extractor.about, "fakes": fakes.about, "reals": reals.about}
    write_json(output.with_suffix(".json"), found | record | {"seed": args.seed})
    print(output)


def convert_weights(args):
    """Turns published weights of C3D or I3D into a file for --weights, with a sidecar."""
    about = weights.convert(args.source, args.output, args.flatten, args.mean, args.classes)
    print(json.dumps(about, indent=1))
    print(args.output)


def train_c3d(args):
    """Trains C3D on a labelled data set: a network for scores where there is no other."""
    weights.check_new(args.output)
    chosen = protocol(args.protocol)
    settings = Settings(**{f.name: getattr(args, f.name) for f in dataclasses.fields(Settings)})
    train = Labelled.all_of(RecordClips(args.data))
    if args.held_out:
        held_out = Labelled.all_of(RecordClips(args.held_out))
        check_apart(train.clips, held_out.clips, "held_out")
    else:
        train, held_out = train.split(args.val_fraction, args.seed)
        print("Held out: clips of --data. Where several were cut from one video, give --held_out.")
    classifier = Classifier(train, held_out, chosen, settings, args.init)
    about = {
        "settings": dataclasses.asdict(classifier.settings),
        "protocol": chosen.name,
        "data": train.clips.about,
        "held_out": held_out.clips.about,
        "held_out_fraction": None if args.held_out else args.val_fraction,
        "init": classifier.init,
    }
    found = train_classifier(classifier, args.output, about)["training"]
    print(
        "held-out accuracy {held_out_accuracy:.4f} in epoch {epoch}, the best; with shuffled "
        "frames {shuffled_accuracy:.4f}".format(**found)
    )
    print(args.output)


def plot(args):
    """Draws the scores that runs took while they trained, with those of the paper."""
    curves = {}
    for run in args.run:
        lines = read_scores(run)
        if not lines:
            raise UserError(
                f"--run should hold scores (--set metrics.every_kimg). Received: {run}, with none"
            )
        for line in lines:  # A run may go on with other settings of its scores.
            network = line["details"]["network"]["sha256"][:6]
            curves.setdefault(f"{run}, {line['protocol']} {network}", []).append(line)
    published = PUBLISHED.get(read_config(args.run[0]).name, {})
    output = args.output or args.run[0] / "scores.png"
    plot_scores(curves, published, output)
    print(output)


def open_extractor(args):
    """The network of --weights, used as --protocol says."""
    chosen = protocol(args.protocol)
    if args.frames:
        chosen = dataclasses.replace(chosen, frames=args.frames)
    return load_extractor(args.weights, chosen, args.cache or cache_beside(args.data))


def open_clips(args, num: int):
    """The reals of --data, and `num` clips of --run or those of --clips."""
    if args.clips:
        reals = RecordClips(args.data)
        return reals, clip_set(args.clips, reals.rung.frames)
    snapshot = choose_snapshot(args.model, args.run, args.snapshot)
    return RecordClips(args.data, snapshot.config.ladder[-1]), GeneratedClips.of_snapshot(
        snapshot, num, args.seed
    )


def choose_output(args, stem: str, suffix: str, suffixes, fakes) -> Path:
    """Where a result goes, without --output into the run, or here; checked before the work."""
    if not args.clips:
        stem = f"{stem}-{fakes.about['nimg']}"
    output = args.output or (Path() if args.clips else args.run) / f"{stem}{suffix}"
    if output.suffix.lower() not in suffixes or output.is_dir():
        raise UserError(
            f"--output should be a file that ends in {', '.join(suffixes)}. Received: {output}"
        )
    return output


def describe(found: dict) -> str:
    """A score in a few lines: each measure beside that of the reals, then the controls."""
    fakes, trained = found["fakes"], found["network"].get("training")
    lines = [f"{found['protocol']['name']}: {fakes['scored']} clips, {fakes['frames']}"]
    if trained and trained["protocol"] != found["protocol"]["name"]:
        lines.append(f"The network was trained by the protocol {trained['protocol']}.")
    for name, values in found["measures"].items():
        title = name.replace("_", " ")
        if name == "inception_score":
            text = "{value:.3f} (+-{spread:.3f} over splits); reals {reals:.3f}, "
            text += "perfect {perfect:.3f}, most {most:.3f} with {clips_in_split} clips in a split"
        else:
            text = "{value:.6g} (floor {floor:.6g} of reals against reals, {floor_clips} clips)"
            if values["at_floor_clips"] is not None:
                text += "; {at_floor_clips:.6g} with as many clips as the floor"
        lines.append(f"{title}: {text.format(**values)}")
    for control, values in found["controls"].items():
        told = ", ".join(f"{name.replace('_', ' ')} {value:.6g}" for name, value in values.items())
        lines.append(f"reals, {control}: {told}")
    return "\n".join(lines)


def parse(argv):
    """The sub-command and its flags."""
    parser = argparse_flags.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # absl has flags that begin with "run".
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(function, of_run=False):
        command = commands.add_parser(
            function.__name__,
            help=function.__doc__,
            description=function.__doc__,
            inherited_absl_flags=None,
        )
        command.set_defaults(command=function)
        flag = command.add_argument
        if of_run:
            flag("--config", default="faces", help="preset that was trained (faces)")
            choice = command.add_mutually_exclusive_group()
            choice.add_argument("--run", type=Path, help="folder of the run (runs/<config>)")
            choice.add_argument("--model", type=Path, help="weights, with their card, of any run")
            flag("--data", type=Path, help="data set folder (datasets/<config>)")
            flag("--snapshot", type=int, help="nimg of the snapshot (the newest)")
        return flag

    def add_network(flag):
        flag("--clips", type=Path, help="videos, .npy or data set to look at in place of a run")
        flag("--weights", type=Path, required=True, help="network, of convert_weights or train_c3d")
        flag("--protocol", default="thesis", help=f"one of {', '.join(PROTOCOLS)} (thesis)")
        flag("--frames", help="first16, centre16, stride2 or all (as the protocol)")
        flag("--held_out", type=Path, help="data set of reals that were not trained on")
        flag("--seed", type=int, default=0, help="of latents and of the order of reals (0)")
        flag("--cache", type=Path, help="folder for features of reals (<data>/features)")

    flag = add(score, of_run=True)
    add_network(flag)
    flag("--num", type=int, help="clips (as the protocol)")
    flag("--controls", nargs="+", default=[], choices=["all", *CONTROLS], help="changed reals too")
    flag("--output", type=Path, help="JSON to write (<run>/score-<protocol>.json)")

    flag = add(distance, of_run=True)
    flag("--num", type=int, default=512, help="fakes and reals (512, or half of the reals)")
    flag("--most_distance", type=float, help="exit with 1 where the distance is larger")
    flag(
        "--motion_within",
        type=float,
        nargs=2,
        metavar=("LEAST", "MOST"),
        help="exit with 1 where the motion energy is not that many times the reals'",
    )

    flag = add(memorisation, of_run=True)
    add_network(flag)
    flag("--num", type=int, default=256, help="fakes (256)")
    flag("--output", type=Path, help="picture: .png, .gif or .mp4 (<run>/memorisation.png)")

    flag = add(convert_weights)
    flag("--source", type=Path, required=True, help="file or folder with the published weights")
    flag("--output", type=Path, required=True, help="file to write, .weights.h5")
    flag("--flatten", choices=["hwc", "chw"], help="order of fc6's input (as the format has it)")
    flag("--mean", help="file of the mean cube, or blue,green,red")
    flag("--classes", type=Path, help="file with the name of a class a line")

    flag = add(train_c3d)
    flag("--data", type=Path, required=True, help="labelled data set")
    flag("--output", type=Path, required=True, help="file to write, .weights.h5")
    flag("--held_out", type=Path, help="labelled data set to measure on (a part of --data)")
    flag("--val_fraction", type=float, default=0.2, help="that part (0.2)")
    flag("--init", type=Path, help="weights to begin with, such as those of Sports-1M")
    flag("--protocol", default="thesis", help="how clips come to the network (thesis)")
    of = Settings()
    flag("--width", type=int, default=of.width, help="maps of the first layer; 8 for CPUs (64)")
    flag("--epochs", type=int, default=of.epochs, help="at most (60)")
    flag("--patience", type=int, default=of.patience, help="epochs without a better accuracy (8)")
    flag("--minibatch", type=int, default=of.minibatch, help="clips a step (16)")
    flag("--rate", type=float, default=of.rate, help="of Adam, at first (3e-4)")
    flag("--mirror", action="store_true", help="mirror half of the clips: labels must allow it")
    flag("--crop", type=float, default=of.crop, help="share that random crops leave out (0.1)")
    flag("--seed", type=int, default=of.seed, help="of weights, order and augmentation (0)")

    flag = add(plot)
    flag("--run", type=Path, nargs="+", required=True, help="folders of runs")
    flag("--output", type=Path, help="picture: .png, .pdf or .svg (<run>/scores.png)")
    return parser.parse_args(argv[1:])


def main(args):
    for name, least in (("num", 1), ("seed", 0)):
        value = getattr(args, name, None)
        if value is not None and value < least:
            raise UserError(f"--{name} should be at least {least}. Received: {value}")
    if "config" in args:
        args.run = args.run or (args.model.parent if args.model else Path(f"runs/{args.config}"))
        args.data = args.data or Path(f"datasets/{args.config}")
    args.command(args)


if __name__ == "__main__":
    run_script(main, parse)
