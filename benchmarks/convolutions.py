"""The convolutions of a traced function: how many operations they are, and their bare speed."""

import collections
import dataclasses
import math
import statistics
import time

import tensorflow as tf

_FORWARD, _TO_INPUT = "Conv3D", "Conv3DBackpropInputV2"
_KINDS = (_FORWARD, _TO_INPUT, "Conv3DBackpropFilterV2")


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution, or one of its two gradients; `image` is the wider side, `maps` the other."""

    kind: str
    image: tuple[int, ...]
    kernel: tuple[int, ...]
    maps: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str

    @property
    def flop(self) -> int:
        """Multiplications and additions."""
        return 2 * math.prod(self.maps[:-1]) * math.prod(self.kernel)

    def seconds(self, repeats: int = 5) -> float:
        """Seconds on random values, with nothing else to do: of `repeats` in a row, the mean."""
        image, kernel, maps = (
            [tf.cast(tf.random.normal(shape), self.dtype) for _ in range(repeats)]
            for shape in (self.image, self.kernel, self.maps)
        )

        @tf.function
        def run():
            results = []  # All are returned, since TensorFlow leaves out what nobody asks for.
            for values in zip(image, kernel, maps, strict=True):
                with tf.control_dependencies(results[-1:]):
                    results.append(self._run(*values))
            return results

        times = []
        for _ in range(4):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
        return statistics.median(times[1:]) / repeats

    def _run(self, image, kernel, maps):
        settings = {"strides": self.strides, "padding": "SAME"}
        if self.kind == _FORWARD:
            return tf.raw_ops.Conv3D(input=image, filter=kernel, **settings)
        if self.kind == _TO_INPUT:
            return tf.raw_ops.Conv3DBackpropInputV2(
                input_sizes=self.image, filter=kernel, out_backprop=maps, **settings
            )
        return tf.raw_ops.Conv3DBackpropFilterV2(
            input=image, filter_sizes=self.kernel, out_backprop=maps, **settings
        )


def count_convolutions(function) -> collections.Counter:
    """How often a concrete function of static shapes runs each `Convolution`.

    A gradient that was traced and that nothing depends on does not run.
    """
    graph = function.graph
    live, unread = set(), [*graph.control_outputs, *(t.op for t in graph.outputs)]
    while unread:
        op = unread.pop()
        if op.name not in live:
            live.add(op.name)
            unread += [*op.control_inputs, *(t.op for t in op.inputs)]
    kept = (op for op in graph.get_operations() if op.name in live)
    return collections.Counter(_read(op) for op in kept if op.type in _KINDS)


def bare_speed(convolutions: collections.Counter) -> tuple[float, float]:
    """(GFLOP, GFLOP/s) of all of them, one after the other and nothing in between."""
    gflop = sum(number * conv.flop for conv, number in convolutions.items()) / 1e9
    return gflop, gflop / sum(number * conv.seconds() for conv, number in convolutions.items())


def _read(op):
    first, second, third = (
        (*op.inputs, op.outputs[0])
        if op.type == _FORWARD
        else (op.outputs[0], op.inputs[1], op.inputs[2])
        if op.type == _TO_INPUT
        else (op.inputs[0], op.outputs[0], op.inputs[2])
    )
    shapes = (tuple(tensor.shape) for tensor in (first, second, third))
    return Convolution(op.type, *shapes, tuple(op.get_attr("strides")), op.inputs[-1].dtype.name)
