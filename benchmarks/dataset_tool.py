"""Speed of `create_tfrecords`, compared with only decoding the same videos.

    python benchmarks/dataset_tool.py                                  # videos that it makes
    python benchmarks/dataset_tool.py --source=videos --config=ucf101

The shares of processor seconds do not depend on what else the machine does. Decoding is measured
twice, each frame to an RGB array by as many threads: as PyAV's users write
it, `frame.to_ndarray(format="rgb24")`, and with one converter for all frames of a video, which is
the fastest known here. All are taken in turn, and of each the median. Results:
dataset_tool_cpu_202611.md.
"""

import argparse
import functools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import av

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.report import report
from benchmarks.videos import make_videos
from config import preset
from dataset.clips import CLIP_RULES, ClipRules
from dataset.create import create_dataset
from dataset.encoding import ENCODINGS, Encoding
from dataset.readers import list_sources
from dataset.readers.files import Files
from dataset.readers.source import ReaderOptions
from dataset.readers.videos import SUFFIXES
from dataset.records import Records
from dataset.workers import in_order
from support.errors import UserError
from support.script import run_script

OWN = {"ucf101": (320, 240), "faces": (640, 360)}  # width and height, by preset


def main(args):
    rows = []
    with tempfile.TemporaryDirectory(dir=args.scratch) as scratch:
        if args.source:
            cases = [(args.config, Path(args.source))]
        else:
            cases = [(name, Path(scratch, name)) for name in OWN]
            for name, folder in cases:
                make_videos(folder, args.videos, args.frames, *OWN[name])
        for name, source in cases:
            for rule in args.clip_rule:
                rows.append(measure(name, source, rule, Path(scratch), args))
    report(rows, args.json)


def measure(config: str, source: Path, rule: str, scratch: Path, args) -> dict:
    """Clips a second of making a data set of `source`, and of decoding it alone."""
    ladder = preset(config).ladder
    files = Files.below(source).with_suffix(SUFFIXES)
    if not files:
        raise UserError(f"--source should hold videos. Received: {source} (none found)")
    seconds, clips = {"create": [], "plain": [], "fast": []}, None
    processor = {"create": [], "plain": [], "fast": []}
    for repeat in range(args.repeats):
        output = scratch / f"{config}-{rule}-{repeat}"
        create = functools.partial(_create, source, output, ladder, rule, args)
        _time(create, seconds["create"], processor["create"])
        clips = len(Records(output))
        for way, convert in (("plain", plain), ("fast", fast)):
            decode = functools.partial(_decode_all, files, convert, args.workers)
            _time(decode, seconds[way], processor[way])
    rates = {way: clips / statistics.median(times) for way, times in seconds.items()}
    costs = {way: statistics.median(times) for way, times in processor.items()}
    return {
        "config": config,
        "source": str(args.source or "{}x{}".format(*OWN[config])),
        "clip_rule": rule,
        "encoding": args.encoding,
        "workers": args.workers,
        "clips": clips,
        "create_clips_per_second": rates["create"],
        "plain_decoding_clips_per_second": rates["plain"],
        "fast_decoding_clips_per_second": rates["fast"],
        "share_of_plain": rates["create"] / rates["plain"],
        "share_of_fast": rates["create"] / rates["fast"],
        "processor_share_of_plain": costs["plain"] / costs["create"],
        "processor_share_of_fast": costs["fast"] / costs["create"],
    }


def plain(frames):
    """As PyAV's documentation has it: each frame sets up a conversion of its own."""
    for frame in frames:
        frame.to_ndarray(format="rgb24")


def fast(frames):
    """One conversion for all frames, in the thread that decodes."""
    convert = av.video.reformatter.VideoReformatter()
    for frame in frames:
        convert.reformat(frame, format="rgb24", threads=1).to_ndarray()


def _create(source, output, ladder, rule, args):
    create_dataset(
        output,
        list_sources(source, "videos", ReaderOptions()),
        ladder,
        ClipRules(ladder[-1].frames, rule, clip_stride=args.clip_stride),
        encoding=Encoding(args.encoding),
        workers=args.workers,
        about={"tool_version": "benchmark"},
    )


def _decode_all(files, convert, workers):
    def decode(file, stopped):
        with av.open(str(file)) as container:
            container.streams.video[0].thread_type = "NONE"  # Files are decoded side by side.
            convert(container.decode(video=0))

    with in_order(decode, files, workers) as done:
        for _ in done:
            pass


def _time(work, seconds, processor):
    """Appends the seconds that `work` takes, and those of all its threads on processors."""
    begin, begin_of_process = time.perf_counter(), time.process_time()
    work()
    seconds.append(time.perf_counter() - begin)
    processor.append(time.process_time() - begin_of_process)


def parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flag = parser.add_argument
    flag("--source", help="video or folder of videos (made: H.264 of two sizes)")
    flag("--config", default="faces", help="preset, with --source (faces)")
    flag("--clip_rule", nargs="+", default=["centre", "all"], choices=CLIP_RULES)
    flag("--clip_stride", type=int, help="frames from clip to clip with all (no overlap)")
    flag("--encoding", default="raw", choices=ENCODINGS, help="(raw)")
    flag("--workers", type=int, default=os.cpu_count(), help="threads (one a core)")
    flag("--videos", type=int, default=8, help="that are made, of each size (8)")
    flag("--frames", type=int, default=250, help="of a video that is made (250)")
    flag("--repeats", type=int, default=3, help="(3)")
    flag("--scratch", help="folder for what is made (the system's)")
    flag("--json", action="store_true", help="print one line of JSON")
    return parser.parse_args(argv[1:])


if __name__ == "__main__":
    run_script(main, parse)
