"""Sentences about a new data set that its user should know before training."""

from dataset.clips import ClipRules
from dataset.oddities import KINDS, find_oddities
from dataset.rates import do_differ, warn_of_rates
from dataset.records import Records
from support.media import evenly
from support.words import counted

FEW = 200  # clips below which a network memorises them
_SAMPLED = 256  # clips that are looked at
_MIN_SIDE = 16  # pixels of the coarsest rung that is looked at


def advise(records: Records, rules: ClipRules) -> list[str]:
    """What is unusual about a data set: clips that were not taken, rates that differ, few clips ...

    Args:
        records: the data set.
        rules: by which its clips were cut.
    """
    sentences = []
    if unused := count_unused(records.metadata["source_frames"], rules, len(records)):
        verb = "clip is" if unused == 1 else "clips are"
        sentences.append(
            f"{unused} more {verb} in these sources: `clip_rule=all` takes all windows of each."
        )
    sentences += describe_left_out(records)
    rates = records.metadata["source_rates"]
    if do_differ(rates):
        sentences.append(warn_of_rates(rates))
    windows = count_windows(records.metadata["source_frames"], rules) if records.window else 0
    if (clips := max(len(records), windows)) < FEW:
        sentences.append(
            f"Warning: {counted(clips, 'clip')}. A network memorises a data set of fewer "
            f"than {FEW} clips, and scores on it mean little."
        )
    return sentences + _describe_oddities(records)


def describe_left_out(records: Records) -> list[str]:
    """What `cuts` and `min_motion` did when the data set was made."""
    counts = records.metadata.get("left_out", {})
    texts = {
        "cuts": "would cross a cut: moved into a shot, or left out.",
        "still": "left out, which change less than `min_motion` from frame to frame.",
    }
    return [
        f"{counted(counts[name], 'clip')} {text}" for name, text in texts.items() if name in counts
    ]


def count_unused(source_frames: dict[str, int], rules: ClipRules, clips: int) -> int:
    """How many clips the rule "all" would cut out of sources beyond the `clips` that there are.

    Args:
        source_frames: {frames: number of sources}.
        rules: by which the clips were cut.
        clips: their number.
    """
    if rules.clip_rule in ("all", "windows"):
        return 0
    return max(count_windows(source_frames, rules) - clips, 0)


def count_windows(source_frames: dict[str, int], rules: ClipRules) -> int:
    """How many clips the rule "all" would cut out of sources."""
    return sum(
        number * max(1, len(rules.windows(int(frames)))) for frames, number in source_frames.items()
    )


def _describe_oddities(records):
    large = [rung for rung in records.ladder if min(rung.height, rung.width) >= _MIN_SIDE]
    rung = large[0] if large else records.ladder[-1]
    indices = evenly(len(records), _SAMPLED)
    found = find_oddities(records, rung, indices)
    counts = [f"{len(found[kind])} {kind}" for kind in KINDS[:-1] if kind in found]
    if not counts:
        return []
    return [
        f"Warning: of {len(indices)} clips that were sampled: {', '.join(counts)}. "
        "`dataset_tool.py stats` lists them."
    ]
