"""Reads videos and writes their clips at every rung of a ladder.

    python dataset_tool.py create_tfrecords --size=64 --frames=16     # videos -> datasets/videos
    python dataset_tool.py create_tfrecords --size=144x256            # height x width, any shape
    python dataset_tool.py create_tfrecords --config=faces            # videos -> datasets/faces

If it is interrupted, run the same command again to resume.
"""

import argparse
import itertools
import os
import tomllib
from pathlib import Path

from commands import on_beam
from commands.parser import Parser, name_flags, one_of, real, whole
from config import PRESETS, preset
from dataset.clips import CLIP_RULES, CUT_RULES, SHORT_RULES, ClipRules
from dataset.encoding import ENCODINGS, Encoding
from dataset.pyramid import CROPS, ORDERS, RESIZE_FILTERS, Framing
from dataset.readers import READERS
from dataset.readers.source import ReaderOptions
from growth.ladder import Ladder, find_ladder, make_ladder, parse_size, picture_of
from support.errors import UserError
from support.media import MAX_RATE, MIN_RATE

_LISTED = 10  # rejected sources that are printed


def flags(parser: Parser):
    """Declares the flags."""
    flag = parser.add_argument
    flag(
        "--config",
        type=one_of(PRESETS),
        help="preset whose size to use (default: faces, unless a size or ladder is given)",
    )
    flag(
        "--size",
        "--resolution",
        dest="resolution",
        type=_size,
        help="of the full clip: height and width, such as 144x256, or a number for both "
        "(default: that of the preset or ladder)",
    )
    flag(
        "--aspect",
        help="width to height of the full clip, such as 16:9; it fits in --size (default: 1:1)",
    )
    flag(
        "--frames",
        "--num_frames",
        dest="num_frames",
        type=whole(1),
        help="frames of the full clip (default: those of the preset or ladder)",
    )
    flag(
        "--ladder",
        help='thesis, authors, or rungs such as "4x4x4 8x8x8" (default: the preset\'s, or the '
        "first of these that passes the size)",
    )
    flag("--source", default="videos", help="file or folder to read")
    flag(
        "--output",
        type=Path,
        help="folder to write, new (default: datasets/<config>, or without one datasets/<source>)",
    )
    flag("--source_format", default="auto", type=one_of(["auto", *READERS]), help="layout")
    flag("--split", help="file that lists the sources to take, one per line (default: all)")
    flag("--labels", default="own", type=one_of(["own", "folders"]), help="own: of the layout")
    flag("--tile", type=whole(1), help="height and width of the clips in a grid, in pixels")
    flag(
        "--fps",
        type=real(MIN_RATE, MAX_RATE),
        help="frames per second to play videos at (default: every frame is taken once)",
    )
    flag("--crop", default="centre", type=one_of(CROPS), help="part of a frame to keep")
    flag("--resize_filter", default="auto", type=one_of(RESIZE_FILTERS), help="for frames")
    flag("--order", default=ORDERS[0], type=one_of(ORDERS), help="of resizing and cropping")
    flag(
        "--clip_rule",
        default="centre",
        type=one_of(CLIP_RULES),
        help="clips of a source; "
        "windows: store whole videos, of which training takes a random window in each epoch",
    )
    flag("--frame_stride", type=whole(1), default=1, help="take every n-th frame")
    flag(
        "--clip_stride",
        type=whole(1),
        help="with --clip_rule=all: frames from clip to clip (default: clips do not overlap)",
    )
    flag("--short", default="skip", type=one_of(SHORT_RULES), help="sources that are too short")
    flag(
        "--cuts",
        default="keep",
        type=one_of(CUT_RULES),
        help="clips across cuts; skip: clips are taken within shots alone (slower)",
    )
    flag(
        "--min_motion",
        type=real(0, 255),
        default=0.0,
        help="leave out clips whose mean change from frame to frame, in grey levels, is smaller",
    )
    flag("--val_fraction", type=real(0, 1), help="share of videos to hold out in <output>-val")
    flag("--val_list", help="file that names the videos to hold out, one per line")
    flag("--encoding", default="raw", type=one_of(ENCODINGS), help="of the pixels in records")
    flag("--quality", type=whole(1, 100), default=90, help="of jpeg and webp")
    flag("--shard_clips", type=whole(1), help="clips per file (default: about a gigabyte)")
    flag("--workers", type=whole(1), default=os.cpu_count(), help="threads")
    flag("--seed", type=whole(0), default=0, help="of random clips and of the order")
    flag("--max_clips", type=whole(1), help="maximum number (default: all; drawn ones: 2048)")
    on_beam.add_flags(parser)


def run(args: argparse.Namespace):
    """Plans and writes the data set, and prints what was rejected."""
    from dataset.advice import advise
    from dataset.create import create_dataset, held_out_folder
    from dataset.plan import describe_plan, max_num_clips
    from dataset.readers import find_sources
    from dataset.records import Records

    ladder, name = choose_ladder(args)
    output = args.output or Path(f"datasets/{name}")
    rules = ClipRules(
        *(ladder[-1].frames, args.clip_rule, args.frame_stride, args.clip_stride, args.short),
        *(args.cuts, args.min_motion),
    )
    beam, options = on_beam.beam_of(args), _options(args, ladder, rules)
    listing = find_sources(Path(args.source), args.source_format, options)
    sources = listing.sources
    print(listing)
    held_out, encoding = _held_out(args, sources), Encoding(args.encoding, args.quality)
    clips, windows = max_num_clips(sources, rules, args.max_clips), args.clip_rule == "windows"
    print(describe_plan(ladder, clips, encoding, windows))
    rejected = create_dataset(
        output,
        sources,
        ladder,
        rules,
        framing=Framing(args.crop, args.resize_filter, args.order),
        seed=args.seed,
        max_clips=args.max_clips,
        shard_clips=args.shard_clips,
        encoding=encoding,
        held_out=held_out,
        workers=args.workers,
        distribution=_distribution(beam, args, listing.layout, options) if beam else None,
        about={"tool_version": _version(), "arguments": _arguments(args)},
    )
    outputs = [output, held_out_folder(output)] if held_out else [output]
    if rejected:
        _print_rejected(rejected, outputs)
    for folder in outputs:
        records = Records(folder)
        print(f"{folder}: {records.content} at {ladder}")
        for sentence in advise(records, rules):
            print(" ", name_flags(sentence, vars(args)))


def choose_ladder(args: argparse.Namespace) -> tuple[Ladder, str]:
    """The ladder that the flags state, by a preset or without one, and a name for the data set."""
    given = {name: getattr(args, name) for name in ("ladder", "num_frames")}
    given = {name: value for name, value in given.items() if value is not None}
    picture = _picture(args)
    if args.config or not (given or picture):
        config = preset(args.config or "faces")
        if picture:
            growth = {"ladder": config.growth.ladder, "num_frames": config.growth.num_frames}
            ladder = _make_ladder(picture, **growth | given)
            given = {"ladder": ladder, "resolution": picture[0], "num_frames": ladder[-1].frames}
        return config.override(f"growth.{k}={v}" for k, v in given.items()).ladder, config.name
    name = Path(args.source).absolute().stem
    if args.ladder:
        return _make_ladder(picture, **given), name
    return find_ladder(picture, args.num_frames), name


def _make_ladder(picture, ladder, num_frames=None):
    return make_ladder(ladder, num_frames=num_frames, picture=picture)


def _picture(args):
    """(height, width) that --size and --aspect state; None without them."""
    if args.aspect is None:
        return args.resolution and parse_size(str(args.resolution))
    if isinstance(args.resolution, str):
        raise UserError("--aspect should be given with a --size of one number. Received: two")
    return picture_of(
        args.aspect, args.resolution or preset(args.config or "faces").growth.resolution
    )


def _size(text):
    """A number, or "HEIGHTxWIDTH" as it is."""
    try:
        height, width = parse_size(text)
    except UserError:
        raise argparse.ArgumentTypeError(
            f"should be a number, or height and width such as 144x256. Received: {text}"
        ) from None
    return height if height == width else text


def _options(args, ladder, rules):
    return ReaderOptions(
        labels=args.labels,
        split=Path(args.split) if args.split else None,
        fps=args.fps,
        tile=args.tile,
        num_clips=args.max_clips or ReaderOptions.num_clips,
        num_frames=rules.span,
        resolution=max(ladder[-1].shape[1:]),
        seed=args.seed,
    )


def _distribution(beam, args, layout, options):
    from dataset.distribute import Distribution
    from dataset.readers.source_list import Location, SourceList

    location = Location(Path(args.source), layout, options)
    return Distribution(beam, SourceList(location.absolute()))


def _held_out(args, sources):
    """The videos that --val_fraction or --val_list hold out."""
    from dataset.held_out import held_out_by_chance, held_out_by_list

    if args.val_list is not None and args.val_fraction is not None:
        raise UserError("--val_fraction should not be given with --val_list. Received: both")
    if args.val_list is not None:
        return held_out_by_list(sources, Path(args.val_list))
    if args.val_fraction is not None:
        return held_out_by_chance(sources, args.val_fraction, args.seed)
    return frozenset()


def _print_rejected(rejected, outputs):
    files = " and ".join(f"{folder}/rejected.txt" for folder in outputs)
    print(f"Rejected: {len(rejected)}, all listed in {files}:")
    for name, reason in itertools.islice(rejected.items(), _LISTED):
        print(f"  {name} {reason}")


def _arguments(args):
    """The flags that the content of a data set depends on."""
    left_out = ("output", "workers", "runner", "beam_options")
    return {k: v for k, v in vars(args).items() if v is not None and k not in left_out}


def _version():
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    return project["project"]["version"]
