"""Records of a remote data set: each is read on its own, ahead of its use, and verified.

A stream of them is read by threads of Python, which a graph cannot call without a risk to hang at
the exit. So they put the records into a queue of TensorFlow's, which the pipeline reads.
"""

import contextlib
import threading
import weakref
from collections.abc import Callable

from dataset import storage
from dataset.cache import Cache
from dataset.metadata import Shard
from dataset.tfrecords import fingerprint
from support.deferred import tf
from support.threads import ahead

_THREADS = 8
_AHEAD = 16  # records
_SMALL = 2**20  # bytes of a shard that is kept as a whole: many records, each a request otherwise


class Fetcher:
    """Reads records of the data set whose metadata have this SHA-256."""

    def __init__(self, sha256: str, cache: Cache | None):
        self._name, self._cache = sha256[:16], cache

    def read(self, path: str, shard: Shard, span: tuple[int, int], known: int) -> bytes | None:
        """The record of a shard at `path` whose data are at `span`.

        It is taken from the cache, or else read and kept there. Returns None unless `known` is its
        fingerprint.
        """
        begin, end = span
        file, first, last = f"{self._name}/{shard.file}", begin, end
        if self._cache:
            record = self._cache.read(file, begin, end)
            if len(record) == end - begin and int(fingerprint(record)) == known:
                return record
            if shard.bytes <= _SMALL:
                first, last = 0, shard.bytes
        for _ in range(2):  # The first may have been damaged on the way.
            data = storage.read_at(path, first, last)
            record = data[begin - first : end - first]
            if int(fingerprint(record)) == known:
                if self._cache:
                    self._cache.write(file, first, data)
                return record
        return None


def fetch_ahead(
    draws: "tf.data.Dataset", fetch: Callable[[int], bytes], fail: Callable[[Exception], None]
) -> "tf.data.Dataset":
    """The records of a stream of draws, which begin to be fetched at once.

    Args:
        draws: of tuples, whose first value is the index of a clip.
        fetch: the record of a clip; called in threads.
        fail: called with an error of `fetch`, after which the stream ends.

    Returns:
        A data set of each record and its draw, which can be read once.
    """
    kinds = [spec.dtype for spec in draws.element_spec]
    with tf.device("CPU:0"):
        queue = tf.queue.FIFOQueue(1, [tf.string, *kinds], [[]] * (1 + len(kinds)))
    fetched = tf.data.Dataset.counter().map(lambda _: tuple(queue.dequeue()))
    thread = threading.Thread(target=_feed, args=(queue, draws, fetch, fail), daemon=True)
    # Once nothing reads it any more, and before the exit.
    weakref.finalize(fetched, _end, queue, thread)
    thread.start()
    return fetched


def _feed(queue, draws, fetch, fail):
    def work(draw):
        return fetch(int(draw[0])), *draw

    try:
        draws = draws.as_numpy_iterator()
        with contextlib.closing(ahead(work, draws, _THREADS, _AHEAD)) as records:
            for record in records:
                queue.enqueue(record)
    except tf.errors.CancelledError:  # The queue was closed: nothing reads it any more.
        pass
    except Exception as error:  # All kinds: else its reader waits without an end.
        fail(error)
        _close(queue)


def _close(queue):
    # It may be closed already. The garbage collector may call this while a function is traced.
    with contextlib.suppress(tf.errors.CancelledError), tf.init_scope():
        queue.close(cancel_pending_enqueues=True)


def _end(queue, thread):
    _close(queue)
    if thread is not threading.current_thread():
        thread.join()
