"""The stream of real clips that training sees: a pure function of (seed, position).

`dataset.drawing` gives the clip of each position. Where records are videos, each epoch shows one
window of each, whose place follows from the seed, the epoch and the video.
"""

import contextlib
import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from dataset import storage
from dataset.batch import Batch
from dataset.cache import Cache
from dataset.classes import Classes
from dataset.damage import OTHER_CLIPS, damaged_clips, name_damaged_record
from dataset.drawing import Drawing
from dataset.encoding import check_readable, decode_batch, parts
from dataset.fetching import fetch_ahead
from dataset.records import Records, open_records
from dataset.tfrecords import fingerprint, read_record
from dataset.windows import scale_of
from growth.ladder import Ladder
from support.addresses import is_remote
from support.errors import UserError, short_message
from support.progress import Progress
from support.threads import ahead

_HASHERS = 4  # threads
_ADVICE = "Copy the data set again, or train without its damaged clips (`skip_damaged`)."


class ClipPipeline:
    """Serves the clips of a data set at any rung of a ladder.

    Attributes:
        skipped: {index of a clip: file and record} of damaged clips that are left out.

    Args:
        data: the folder of a data set.
        ladder: the rungs to serve; the data set has to hold them all.
        seed: of the order and of the mirroring.
        mirror: whether to mirror every clip left to right with probability 1/2, drawn again in
            each epoch.
        skip_damaged: whether to read all of the data set first, and leave out clips that cannot
            be read at some rung.
        classes: names of labels; only their clips are served, and are labelled in this order. By
            default all clips are served.
        balanced: whether to draw equally many clips of each class, and none without a label.
        check: what is looked at first: "records" (sizes of files and of records), "sizes" (of
            files) or "none". With `skip_damaged` all is read in any case.
        cache: for what is read of a remote data set.

    Raises:
        UserError: the folder holds no data set, or one for another ladder; or, without
            `skip_damaged`, one that `check` finds damaged; or one without clips of a class.
    """

    def __init__(
        self,
        data: Path,
        ladder: Ladder,
        seed: int,
        mirror: bool,
        skip_damaged: bool = False,
        classes: Sequence[str] = (),
        balanced: bool = False,
        check: str = "records",
        cache: Cache | None = None,
    ):
        if skip_damaged or check == "none":
            self.records = Records(data, cache)
        else:
            self.records = open_records(data, check == "records", cache)
        self._failures: list[Exception] = []  # of reading remote records
        self.records.check_ladder(ladder)
        self.ladder = ladder
        for rung in ladder:
            check_readable(self.records.encoding(rung))
        self.skipped = self._find_damaged() if skip_damaged else {}
        self.classes = Classes(self.records.label_names, classes)
        whole = np.setdiff1d(np.arange(len(self.records)), list(self.skipped))
        if balanced and not self.classes.names:
            raise UserError("`balanced` should be false for clips without labels. Received: true")
        groups = [whole]
        if balanced or not self.classes.are_all:
            groups = self.classes.groups(self.records.labels(whole), whole)
        if not balanced:
            groups = [np.sort(np.concatenate(groups))]
        self._drawing = Drawing(tuple(groups), len(self.records), seed, mirror)

    def __len__(self):
        """The number of clips."""
        return sum(map(len, self._drawing.groups))

    def check_files(self, known: dict[str, list[int]] | None = None) -> dict[str, list[int]]:
        """Checks the records and the SHA-256 of every file of the ladder, unless it is remote.

        Args:
            known: what an earlier call returned; files that have not changed since are not read.

        Returns:
            {file: [bytes, time of the last change in nanoseconds]}.

        Raises:
            UserError: a file is not as it was written, though its size is.
        """
        shards = [(rung, s) for rung in self.ladder for s in self.records.shards[str(rung)]]
        states = {s.file: storage.state(self.records.path(s.file)) for _, s in shards}
        changed = [(r, s) for r, s in shards if (known or {}).get(s.file) != states[s.file]]
        with (
            Progress(len(changed), "files checked") as progress,
            contextlib.closing(ahead(self._check_file, changed, _HASHERS)) as checked,
        ):
            for _ in checked:
                progress.advance()
        return states

    def _check_file(self, file):
        rung, shard = file
        path = self.records.path(shard.file)
        if is_remote(path):
            return
        if storage.sha256(path) != shard.sha256:
            raise UserError(
                f"Cannot read {path}: its SHA-256 is not that of the metadata. {_ADVICE}"
            )
        self.records.check_shard(rung, shard)

    def identity(self) -> dict:
        """What the stream depends on: "folder" and "sha256" of the data set, "skipped" clips."""
        return self.records.identity() | {"skipped": list(self.skipped)}

    def describe(self) -> str:
        """Such as "1000 clips" or "998 clips (2 damaged ones skipped: ...)"."""
        text = f"{len(self)} {'videos' if self.records.window else 'clips'}"
        if self.skipped:
            first = "; ".join(itertools.islice(self.skipped.values(), 3))
            text += f" ({len(self.skipped)} damaged ones skipped: {first} ...)"
        return text

    @contextlib.contextmanager
    def translate_read_errors(self) -> Iterator[None]:
        """Turns errors of reading from `dataset` into a `UserError`; other errors pass."""
        try:
            yield
        except tf.errors.OpError as error:
            if "IteratorGetNext" not in error.message:
                raise
            if self._failures:
                raise self._failures[0] from error
            record = name_damaged_record(self.records, self.ladder, error)
            reason = f"{record} is damaged" if record else _last_line(error)
            raise UserError(f"Cannot read {self.records.folder}: {reason}. {_ADVICE}") from error

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

        The records of a remote data set are fetched from now on; its stream can be read once.

        Returns:
            A data set of `Batch`: minibatch / replicas clips, and their labels.

        Raises:
            UserError: the replicas do not divide the minibatch.
        """
        if minibatch % replicas:
            raise UserError(
                f"`minibatch` should be divisible by the {replicas} replicas. Received: {minibatch}"
            )
        rung, share = self.ladder[level], minibatch // replicas
        last_replica = first_replica + (local_replicas or replicas)

        def local_shares(*draws):
            """[minibatch] -> [local replicas, share]"""
            split = (tf.reshape(x, [replicas, share]) for x in draws)
            return tuple(x[first_replica:last_replica] for x in split)

        decode_clips = self._decoder(rung)
        expected = self.records.fingerprints(rung)
        expected = None if expected is None else tf.constant(expected)

        def decode(records, indices, mirrored, places):
            if expected is not None:
                wrong = tf.not_equal(fingerprint(records), tf.gather(expected, indices))
                found = [OTHER_CLIPS, str(rung), tf.boolean_mask(indices, wrong)]
                with tf.control_dependencies([tf.debugging.Assert(~tf.reduce_any(wrong), found)]):
                    records = tf.identity(records)
            clips, labels = decode_clips(records, places)
            clips = tf.ensure_shape(clips, [share, *rung.shape, 3])
            mirrored = tf.reshape(mirrored, [share, 1, 1, 1, 1])
            clips = tf.where(mirrored, tf.reverse(clips, [3]), clips)
            labels = tf.ensure_shape(self.classes.renumber(labels), [share])
            return Batch(tf.cast(clips, tf.float32) / 127.5 - 1, labels)

        steps = self._drawing.stream(nimg).batch(minibatch, drop_remainder=True)
        clips = steps.map(local_shares).unbatch().unbatch()  # The clips of this process.
        if self.records.is_fetched:
            fetch = functools.partial(self.records.fetch, rung)
            records = fetch_ahead(clips, fetch, self._failures.append)
        else:
            records = clips.interleave(
                self._reader(rung), cycle_length=2, num_parallel_calls=2, deterministic=True
            )
        batches = records.batch(share, drop_remainder=True)
        options = tf.data.Options()
        # The thread of autotuning can miss its shutdown signal, and hang at the exit.
        options.autotune.enabled = False
        return batches.map(decode, num_parallel_calls=2).prefetch(2).with_options(options)

    def stream(self, nimg: int) -> tf.data.Dataset:
        """The endless stream from position `nimg` on: index of each clip, whether to mirror it."""
        return self._drawing.stream(nimg).map(lambda clip, mirrored, place: (clip, mirrored))

    def _reader(self, rung):
        """A function that gives a data set of one element: record, clip, and the other draws."""
        places = self.records.locate(rung)
        files, shards = tf.constant(places.files), tf.constant(places.shards)
        begins = tf.constant(places.spans[:, 0])

        def read(clip, *draws):
            record = read_record(files[shards[clip]], begins[clip])
            return record.map(lambda data: (data, clip, *draws))

        return read

    def _decoder(self, rung):
        """A function of records and places of windows: their clips in [0, 255], and labels."""
        encoding, window = self.records.encoding(rung), self.records.window
        features = {
            "data": tf.io.FixedLenFeature(parts(encoding, rung.frames), tf.string),
            "label": tf.io.FixedLenFeature([], tf.int64),
        }

        def read_clips(records, _places):
            values = tf.io.parse_example(records, features)
            return decode_batch(values["data"], encoding, (*rung.shape, 3)), values["label"]

        if window is None:
            return read_clips
        level = [r.shape for r in self.records.ladder].index(rung.shape)
        scale = scale_of(self.records.ladder, level, encoding)
        clip = tf.TensorSpec((*rung.shape, 3), tf.float32), tf.TensorSpec([], tf.int64)

        def read_windows(records, places):
            return tf.map_fn(
                lambda one: window.read(*one, rung, encoding, scale),
                (records, places),
                fn_output_signature=clip,
            )

        return read_windows

    def _find_damaged(self):
        total = len(self.ladder) * len(self.records)
        with Progress(total, "records checked") as progress:
            damaged = damaged_clips(self.records, self.ladder, progress.advance)
        if len(damaged) == len(self.records):
            raise UserError(
                f"Cannot read {self.records.folder}: all of its clips are damaged. Copy the data "
                "set again, or make it again."
            )
        return damaged


def _last_line(error):
    return short_message(error).splitlines()[-1]
