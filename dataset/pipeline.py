"""The stream of real clips that training sees: a pure function of (seed, position).

Position p is clip `order(p // n)[p % n]` of the n clips, where `order(epoch)` is a permutation
that follows from the seed and the epoch. So every epoch shows each clip once, training resumes at
any position, and any number of replicas sees the same stream.
"""

import contextlib
import itertools
from pathlib import Path

import numpy as np
import tensorflow as tf

from dataset import storage
from dataset.batch import Batch
from dataset.damage import damaged_clips, name_record, read_record
from dataset.encoding import check_readable, decode_batch, parts
from dataset.records import Records, open_records
from growth.ladder import Ladder
from support.errors import UserError, short_message
from support.progress import Progress


class ClipPipeline:
    """Serves the clips of a data set at any rung of a ladder.

    Args:
        data: the folder of a data set.
        ladder: the rungs of which clips are wanted; the data set has to hold them all.
        seed: of the order and of the mirroring.
        mirror: mirrors every clip left to right with probability 1/2, anew in each epoch.
        skip_damaged: reads all of the data set first, and leaves out clips that cannot be read
            at some rung; they are in `skipped`, {index of a clip: file and record}.

    Raises:
        UserError: the folder holds no data set, or one for another ladder; or, without
            `skip_damaged`, one whose files are not whole.
    """

    def __init__(
        self, data: Path, ladder: Ladder, seed: int, mirror: bool, skip_damaged: bool = False
    ):
        self.records = Records(data) if skip_damaged else open_records(data)
        self.records.check_ladder(ladder)
        self.ladder, self.seed, self.mirror = ladder, seed, mirror
        for rung in ladder:
            check_readable(self.records.encoding(rung))
        self.skipped = self._find_damaged() if skip_damaged else {}
        self._whole = np.setdiff1d(np.arange(len(self.records)), list(self.skipped))

    def __len__(self):
        """How many clips, which is how many positions an epoch has."""
        return len(self._whole)

    def check_hashes(self):
        """Reads every file of the ladder once, unless they are remote.

        Raises:
            UserError: one is not as it was written, though its size is.
        """
        shards = [s for rung in self.ladder for s in self.records.shards[str(rung)]]
        paths = {self.records.path(shard.file): shard.sha256 for shard in shards}
        progress = Progress(len(paths), "files checked")
        for path, sha256 in paths.items():
            if not storage.is_remote(path) and storage.sha256(path) != sha256:
                raise UserError(
                    f"--data should be whole (--skip_damaged trains without damaged clips). "
                    f"Received: {path} with another SHA-256"
                )
            progress.advance()

    def identity(self) -> dict:
        """What the stream depends on: "folder" and "sha256" of the data set, "skipped" clips."""
        return self.records.identity() | {"skipped": list(self.skipped)}

    def describe(self) -> str:
        """Such as "1000 clips" or "998 clips (2 damaged ones skipped: ...)"."""
        text = f"{len(self)} clips"
        if self.skipped:
            first = "; ".join(itertools.islice(self.skipped.values(), 3))
            text += f" ({len(self.skipped)} damaged ones skipped: {first} ...)"
        return text

    @contextlib.contextmanager
    def damage_told(self):
        """Turns TensorFlow's errors of records that cannot be read into a `UserError`."""
        try:
            yield
        except (tf.errors.DataLossError, tf.errors.NotFoundError) as error:
            where = (
                name_record(self.records, self.ladder, error)
                or short_message(error).splitlines()[-1]
            )
            raise UserError(
                f"--data should be whole (--skip_damaged trains without damaged clips). "
                f"Received: {self.records.folder} with a damaged {where}"
            ) from error

    def dataset(
        self,
        level: int,
        nimg: int,
        minibatch: int,
        replicas: int = 1,
        first_replica: int = 0,
        local_replicas: int | None = None,
    ) -> tf.data.Dataset:
        """The endless stream from position `nimg` on, at a rung, in batches of one replica each.

        Element e is the share of replica `first_replica + e % local_replicas` in step
        `e // local_replicas`; step s takes the positions from `nimg + s * minibatch` on, the
        replicas in order.

        Returns:
            A data set of `Batch`: minibatch / replicas clips, and their labels.

        Raises:
            UserError: the replicas do not divide the minibatch.
        """
        if minibatch % replicas:
            raise UserError(
                f"The minibatch should be divisible by the {replicas} replicas. "
                f"Received: {minibatch}"
            )
        rung, share = self.ladder[level], minibatch // replicas
        last_replica = first_replica + (local_replicas or replicas)

        def local_shares(clips, mirrored):
            """[minibatch] -> [local replicas, share]"""
            split = (tf.reshape(x, [replicas, share]) for x in (clips, mirrored))
            return tuple(x[first_replica:last_replica] for x in split)

        encoding = self.records.encoding(rung)
        features = {
            "data": tf.io.FixedLenFeature(parts(encoding, rung.frames), tf.string),
            "label": tf.io.FixedLenFeature([], tf.int64),
        }

        def decode(records, mirrored):
            values = tf.io.parse_example(records, features)
            clips = decode_batch(values["data"], encoding, (*rung.shape, 3))
            clips = tf.ensure_shape(clips, [share, *rung.shape, 3])
            mirrored = tf.reshape(mirrored, [share, 1, 1, 1, 1])
            clips = tf.where(mirrored, tf.reverse(clips, [3]), clips)
            labels = tf.ensure_shape(tf.cast(values["label"], tf.int32), [share])
            return Batch(tf.cast(clips, tf.float32) / 127.5 - 1, labels)

        steps = self.stream(nimg).batch(minibatch, drop_remainder=True)
        clips = steps.map(local_shares).unbatch().unbatch()  # One by one, those of this process.
        records = clips.interleave(
            self._reader(rung), cycle_length=2, num_parallel_calls=2, deterministic=True
        )
        batches = records.batch(share, drop_remainder=True)
        options = tf.data.Options()
        options.autotune.enabled = False  # Its thread can outlive a wake-up: a hang at the end.
        return batches.map(decode, num_parallel_calls=2).prefetch(2).with_options(options)

    def stream(self, nimg: int) -> tf.data.Dataset:
        """The endless stream from position `nimg` on: index of the clip, and whether to mirror."""
        num, whole = len(self), tf.constant(self._whole, tf.int32)

        def epoch(number):
            order = tf.random.stateless_uniform([num], [2 * self.seed, number])
            coins = tf.random.stateless_uniform([num], [2 * self.seed + 1, number])
            clips = tf.gather(whole, tf.argsort(order, stable=True))
            return tf.data.Dataset.from_tensor_slices((clips, coins < 0.5 * self.mirror))

        return tf.data.Dataset.counter(nimg // num).flat_map(epoch).skip(nimg % num)

    def _reader(self, rung):
        """A function that gives a data set of one element: a clip's record, whether to mirror."""
        files, spans = map(tf.constant, self.records.locate(rung))

        def read(clip, mirrored):
            record = read_record(files[clip], spans[clip, 0])
            return record.map(lambda data: (data, mirrored))

        return read

    def _find_damaged(self):
        progress = Progress(len(self.ladder) * len(self.records), "records checked")
        damaged = damaged_clips(self.records, self.ladder, progress.advance)
        progress.close()
        if len(damaged) == len(self.records):
            raise UserError(f"{self.records.folder} should hold a clip that can be read")
        return damaged
