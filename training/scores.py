"""Scores of Gs while it trains, every `metrics.every_kimg`: scores.jsonl and TensorBoard."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from config import Config
from dataset.pipeline import ClipPipeline
from metrics.protocols import protocol
from run_folder.folder import RunFolder
from sampling.snapshot import Snapshot
from scoring.clip_sets import RecordClips
from scoring.features import cache_beside, load_extractor
from scoring.generated import GeneratedClips
from scoring.score import check_counts, score


class Scores:
    """Measures a run's snapshots by the protocol and the weights of its config.

    Args:
        run: where scores are written.
        config: of the run; nothing is measured where `metrics.every_kimg` is 0.
        clips: the reals.

    Raises:
        UserError: the protocol or the weights are not there or do not go together.
    """

    def __init__(self, run: RunFolder, config: Config, clips: ClipPipeline):
        self.run, self.config = run, config
        if config.metrics.every_kimg > 0:
            folder = clips.records.folder
            self.reals = RecordClips(folder, config.ladder[-1], config.network.classes)
            extractor = load_extractor(
                Path(config.metrics.weights),
                protocol(config.metrics.protocol),
                cache_beside(folder),
            )
            self.extractor = dataclasses.replace(extractor, keep_fakes=False)
            # Fail at startup rather than at the first score.
            check_counts(config.metrics.clips, len(self.reals), config.metrics.clips)
            self.extractor.prepare(list(self.reals.clips([0])))

    def is_due(self, before: int, nimg: int, last: bool) -> bool:
        """Whether a score is due between two moments of training, or at its end."""
        every = self.config.metrics.every_kimg * 1000
        return every > 0 and (last or nimg // every > before // every)

    def measure(self, snapshot: Snapshot, nimg: int):
        """Scores `snapshot`, for the run's scores and for TensorBoard at the default step."""
        num = self.config.metrics.clips
        total = num * self.extractor.protocol.repeats
        fakes = GeneratedClips.of_snapshot(snapshot, total, reals=self.reals)
        found = score(self.extractor, self.reals, fakes, num=num, seed=self.config.train.seed)
        line = {"nimg": nimg, "kimg": nimg / 1000, "protocol": self.extractor.protocol.name}
        for measure, values in found["measures"].items():
            kind = "reals" if "reals" in values else "floor"
            line |= {measure: values["value"], f"{measure}_{kind}": values[kind]}
            tf.summary.scalar(f"score/{measure}", values["value"])
            tf.summary.scalar(f"score/{measure}_{kind}", values[kind])
        self.run.append_score(line | {"details": found})
