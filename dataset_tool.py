"""Makes data sets of clips, looks into them and checks them.

python dataset_tool.py create_faces                         # films/ -> videos/
python dataset_tool.py create_tfrecords --config=faces      # videos/ -> datasets/faces
python dataset_tool.py info --data=datasets/faces
python dataset_tool.py verify --data=datasets/faces
python dataset_tool.py display --data=datasets/faces --output=faces.gif
python dataset_tool.py extract --data=datasets/faces --output=clips --format=mp4
python dataset_tool.py compare --data=datasets/faces --other=datasets/faces-jpeg
python dataset_tool.py stats --data=datasets/faces
"""

import argparse
import itertools
import json
import math
import os
import re
import tomllib
from pathlib import Path

from absl.flags import argparse_flags

from config import PRESETS, preset
from dataset.advice import advise
from dataset.clips import CLIP_RULES, SHORT_RULES, ClipRules
from dataset.compare import compare as find_differences
from dataset.create import create_dataset, held_out_folder
from dataset.display import contact_sheet
from dataset.encoding import ENCODINGS, Encoding
from dataset.extract import FORMATS
from dataset.extract import extract as write_clips
from dataset.faces.create import create_face_clips
from dataset.faces.report import funnel
from dataset.faces.rules import FaceRules
from dataset.held_out import held_out_by_chance, held_out_by_list
from dataset.plan import describe_plan, max_num_clips
from dataset.pyramid import CROPS, ORDERS, RESIZE_FILTERS, Framing
from dataset.readers import READERS, find_sources
from dataset.readers.source import ReaderOptions
from dataset.records import Records, open_records
from dataset.stats import length_table, measure
from dataset.verify import find_faults
from metrics.motion import motion_energy
from support.errors import UserError
from support.media import write_clip
from support.progress import Progress
from support.script import run_script

MOST_FAULTS = 50  # listed by `verify`


def create_tfrecords(args):
    """Reads videos and writes their clips at every rung of a preset's ladder."""
    _check(args, "tile frame_stride clip_stride workers max_clips shard_clips", 1)
    _check(args, "seed", 0)
    _check(args, "fps", 0.1, 1000)
    names = ("ladder", "resolution", "num_frames")
    given = [(name, getattr(args, name)) for name in names]
    config = preset(args.config).override(f"growth.{k}={v}" for k, v in given if v is not None)
    full, output = config.ladder[-1], Path(args.output or f"datasets/{args.config}")
    rules = ClipRules(full.frames, args.clip_rule, args.frame_stride, args.clip_stride, args.short)
    options = ReaderOptions(
        labels=args.labels,
        split=Path(args.split) if args.split else None,
        fps=args.fps,
        tile=args.tile,
        num_clips=args.max_clips or ReaderOptions.num_clips,
        num_frames=rules.span,
        resolution=full.height,
        seed=args.seed,
    )
    listing = find_sources(Path(args.source), args.source_format, options)
    sources = listing.sources
    print(listing)
    held_out, encoding = _held_out(args, sources), Encoding(args.encoding, args.quality)
    print(describe_plan(config.ladder, max_num_clips(sources, rules, args.max_clips), encoding))
    rejected = create_dataset(
        output,
        sources,
        config.ladder,
        rules,
        framing=Framing(args.crop, args.resize_filter, args.order),
        seed=args.seed,
        max_clips=args.max_clips,
        shard_clips=args.shard_clips,
        encoding=encoding,
        held_out=held_out,
        workers=args.workers,
        about={"tool_version": _version(), "arguments": _arguments(args)},
    )
    outputs = [output, held_out_folder(output)] if held_out else [output]
    if rejected:
        files = " and ".join(f"{folder}/rejected.txt" for folder in outputs)
        print(f"Rejected: {len(rejected)}, all listed in {files}:")
        for name, reason in itertools.islice(rejected.items(), 10):
            print(f"  {name} {reason}")
    for folder in outputs:
        records = Records(folder)
        print(f"{folder}: {len(records)} clips at {config.ladder}")
        for sentence in advise(records, rules):
            print(" ", re.sub("`(clip_rule=all)`", r"--\1", sentence))


def create_faces(args):
    """Finds faces in films and writes a clip of each, aligned: from trailers to TrailerFaces."""
    _check(args, "workers", 1)
    rules = FaceRules(size=args.size, min_frames=args.min_frames, max_frames=args.max_frames)
    output = Path(args.output)
    reports, damaged = create_face_clips(
        Path(args.source),
        output,
        rules,
        landmarks=args.landmarks and Path(args.landmarks),
        debug=args.debug and Path(args.debug),
        workers=args.workers,
    )
    if damaged:
        print(f"Damaged: {len(damaged)}, all listed in {output}/damaged.txt:")
        for name, reason in itertools.islice(damaged.items(), 10):
            print(f"  {name} {reason}")
    print(funnel(reports, len(damaged), rules))
    clips = sum(len(report["clips"]) for report in reports)
    if clips:
        print(f"{output}: {clips} clips of {rules.size}x{rules.size}, listed in clips.csv")
    else:
        print(f"{output}: no clips, for the reasons above")


def info(args):
    """Prints what a data set holds."""
    records = open_records(args.data)
    if args.json:
        print(json.dumps(records.metadata, indent=1))
        return
    metadata = records.metadata
    print(f"{args.data}: {len(records)} clips, made by version {metadata['tool_version']} with")
    print("  " + " ".join(f"--{k}={v}" for k, v in metadata["arguments"].items()))
    print(f"Rejected sources: {metadata['rejected']}")
    _print_sizes(records)


def verify(args):
    """Checks every record of every rung; exit status 1 where something is wrong."""
    records = Records(args.data)
    progress = Progress(len(records), "clips")
    faults = 0
    for fault in itertools.islice(find_faults(records, progress.advance), MOST_FAULTS):
        print(fault)
        faults += 1
    progress.close()
    if faults:
        raise UserError(
            f"{args.data} should be whole. Received: {faults} faults"
            f"{' or more' if faults == MOST_FAULTS else ''}"
        )
    print(f"{args.data}: {len(records)} clips at {records.ladder}, all whole")


def display(args):
    """Draws a few clips at every rung: mp4 or gif, or png for a row of frames each."""
    _check(args, "num", 1)
    sheet = contact_sheet(open_records(args.data), args.num, still=args.output.endswith(".png"))
    write_clip(Path(args.output), sheet)
    print(args.output)


def extract(args):
    """Writes clips as files: mp4, gif, PNG frames, or npy."""
    _check(args, "num fps", 1)
    _check(args, "first", 0)
    records = open_records(args.data)
    rung = _rung(records, args.rung)
    indices = range(len(records))[args.first :][: args.num]
    if not indices:
        raise UserError(f"--first should be below {len(records)}. Received: {args.first}")
    progress = Progress(len(indices), "clips")
    output, fps = Path(args.output), args.fps
    write_clips(records, rung, indices, output, args.format, fps, progress.advance)
    progress.close()
    print(f"{output}: {len(indices)} clips of {rung}")


def compare(args):
    """Tells how far the clips of two data sets differ, at the rungs that both have."""
    one, other = open_records(args.data), open_records(args.other)
    for folder, records in ((args.data, one), (args.other, other)):
        print(f"{folder}: {len(records)} clips at {records.ladder}")
    progress = Progress(None, "clips compared")
    differences = find_differences(one, other, progress.advance)
    progress.close()
    for difference in differences:
        print(difference)


def stats(args):
    """Tells what the clips of a data set are like: sizes, classes, lengths, colour, motion."""
    _check(args, "num", 1)
    records = open_records(args.data)
    _print_sizes(records)
    lengths = length_table(records.metadata["source_frames"])
    print("Sources by their frames:" if lengths else "Sources: lengths unknown")
    for first, last, number in lengths:
        print(f"{first:>8} to {last:<8} {number:6}")
    progress = Progress(min(args.num, len(records)), "clips measured")
    rung = _rung(records, args.rung)
    found = measure(records, rung, args.num, motion_energy, progress.advance)
    progress.close()
    colour, deviation = (" ".join(f"{x:.1f}" for x in v) for v in (found.colour, found.deviation))
    print(f"{found.clips} clips of {rung}, of 255 grey levels:")
    print(f"  red, green, blue: mean {colour}, standard deviation {deviation}")
    energy = f"{found.motion.mean():.2f}, from {found.motion.min():.2f} to {found.motion.max():.2f}"
    print(f"  motion energy (mean change from frame to frame): {energy}")
    for kind, indices in found.oddities.items():
        print(f"  {len(indices)} {kind}: {', '.join(map(str, indices))}")


def parse(argv):
    """The sub-command and its flags."""
    parser = argparse_flags.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(function):
        command = commands.add_parser(
            function.__name__, help=function.__doc__, description=function.__doc__
        )
        command.set_defaults(run=function)
        return command.add_argument

    flag = add(create_tfrecords)
    flag("--config", default="faces", help=f"preset: {', '.join(PRESETS)} (faces)")
    flag("--source", default="videos", help="file or folder to read (videos)")
    flag("--output", help="folder to write, new (datasets/<config>)")
    flag("--source_format", default="auto", choices=["auto", *READERS], help="layout (auto)")
    flag("--split", help="file that lists the sources to take, one a line (all)")
    flag("--labels", default="own", choices=["own", "folders"], help="own: the layout's")
    flag("--tile", type=int, help="pixels a side of the clips in a grid")
    flag("--fps", type=float, help="frames a second, of videos (every frame once)")
    flag("--crop", default="centre", choices=CROPS, help="part of a frame to keep (centre)")
    flag("--resize_filter", default="auto", choices=RESIZE_FILTERS, help="for frames (auto)")
    flag("--order", default=ORDERS[0], choices=ORDERS, help=f"({ORDERS[0]})")
    flag("--clip_rule", default="centre", choices=CLIP_RULES, help="clips of a source (centre)")
    flag("--frame_stride", type=int, default=1, help="take every n-th frame (1)")
    flag("--clip_stride", type=int, help="all: frames from clip to clip (they do not overlap)")
    flag("--short", default="skip", choices=SHORT_RULES, help="sources too short (skip)")
    flag("--resolution", type=int, help="pixels a side of the full clip (as the preset)")
    flag("--num_frames", type=int, help="frames of the full clip (as the preset)")
    flag("--ladder", help="thesis, authors, or rungs such as '4x4x4 8x8x8' (as the preset)")
    flag("--val_fraction", type=float, help="share of videos to hold out, in <output>-val (none)")
    flag("--val_list", help="file that names the videos to hold out, one a line")
    flag("--encoding", default="raw", choices=ENCODINGS, help="of the pixels in records (raw)")
    flag("--quality", type=int, default=90, help="of jpeg and webp, 1 to 100 (90)")
    flag("--shard_clips", type=int, help="clips of a file (about a gigabyte of raw full clips)")
    flag("--workers", type=int, default=os.cpu_count(), help="threads (one a core)")
    flag("--seed", type=int, default=0, help="of random clips and of the order (0)")
    flag("--max_clips", type=int, help="stop at so many clips (all; synthetic: 2048)")

    flag = add(create_faces)
    flag("--source", default="films", help="video or folder of videos to read (films)")
    flag("--output", default="videos", help="folder to write, new or to go on with (videos)")
    flag("--landmarks", help="folder of 68 points a face: <film>.npy, [frames, faces, 68, 2]")
    flag("--size", type=int, default=300, help="pixels a side of a clip (300)")
    flag("--min_frames", type=int, default=31, help="of a shot and of a clip, at least (31)")
    flag("--max_frames", type=int, default=500, help="of a shot, at most (500)")
    flag("--workers", type=int, default=os.cpu_count(), help="films at a time (one a core)")
    flag("--debug", help="folder for the films with all that was seen drawn onto them (none)")

    flag = add(info)
    flag("--data", required=True, help="folder of a data set")
    flag("--json", action="store_true", help="print the metadata as JSON")

    flag = add(verify)
    flag("--data", required=True, help="folder of a data set")

    flag = add(display)
    flag("--data", required=True, help="folder of a data set")
    flag("--output", required=True, help="file to write: .mp4, .gif or .png")
    flag("--num", type=int, default=8, help="clips (8)")

    flag = add(extract)
    flag("--data", required=True, help="folder of a data set")
    flag("--output", required=True, help="folder to write, new")
    flag("--format", default="mp4", choices=FORMATS, help="of a clip (mp4); frames, npy: lossless")
    flag("--rung", help="size of the clips, such as 8x32x32 (full)")
    flag("--first", type=int, default=0, help="index of the first clip (0)")
    flag("--num", type=int, help="clips (all)")
    flag("--fps", type=float, default=25, help="frames a second of mp4 and gif (25)")

    flag = add(compare)
    flag("--data", required=True, help="folder of a data set")
    flag("--other", required=True, help="folder of another")

    flag = add(stats)
    flag("--data", required=True, help="folder of a data set")
    flag("--rung", help="size of the clips that are measured, such as 8x32x32 (full)")
    flag("--num", type=int, default=256, help="clips that are measured, evenly chosen (256)")
    return parser.parse_args(argv[1:])


def main(args):
    return args.run(args)


def _check(args, names, least, most=math.inf):
    for name in names.split():
        value = getattr(args, name)
        if value is not None and not least <= value <= most:
            limits = f"at least {least}" if most == math.inf else f"in {least} to {most}"
            raise UserError(f"--{name} should be {limits}. Received: {value}")


def _print_sizes(records):
    for rung, shards in records.shards.items():
        size = sum(shard.bytes for shard in shards) / 1e6
        kind = records.metadata["encoding"][rung]
        print(f"{rung:>12}  {kind:4}  {len(shards):3} shards  {size:10.1f} MB")
    for label in records.metadata["labels"]:
        print(f"{label['clips']:12}  {label['name']}")


def _rung(records, name):
    """The rung of this name, by default the full clip."""
    rungs = {str(rung): rung for rung in records.ladder}
    if name is not None and name not in rungs:
        raise UserError(f"--rung should be one of {records.ladder}. Received: {name}")
    return rungs.get(name, records.ladder[-1])


def _held_out(args, sources):
    """The videos that --val_fraction or --val_list hold out."""
    if args.val_list is not None and args.val_fraction is not None:
        raise UserError("--val_fraction should not be given with --val_list. Received: both")
    if args.val_list is not None:
        return held_out_by_list(sources, Path(args.val_list))
    if args.val_fraction is not None:
        return held_out_by_chance(sources, args.val_fraction, args.seed)
    return frozenset()


def _arguments(args):
    """What the content of a data set depends on."""
    left_out = ("run", "output", "workers")
    return {k: v for k, v in vars(args).items() if v is not None and k not in left_out}


def _version():
    project = tomllib.loads((Path(__file__).parent / "pyproject.toml").read_text())
    return project["project"]["version"]


if __name__ == "__main__":
    run_script(main, parse)
