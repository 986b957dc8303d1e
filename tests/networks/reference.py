"""Convolutions, normalisations and a GRU in NumPy, as PyTorch's documentation defines them.

Maps are channels-last, kernels are in the order of Keras, and all is computed in float64.
"""

import itertools

import numpy as np


def randomise(network, seed=0, scale=0.3):
    """Gives `network` weights that leave no layer idle; variances are positive."""
    random = np.random.default_rng(seed)
    for weight in network.weights:
        value = random.normal(0, scale, weight.shape)
        weight.assign(np.abs(value) + 0.5 if "variance" in weight.name else value)


def weights_of(network):
    """{layer: {weight: array}} of all layers of a network that is always whole."""
    return {
        layer.name: {weight.name: np.asarray(weight, np.float64) for weight in layer.weights}
        for layer in network.live_layers(None)
    }


def conv(x, layer, strides, pads):
    """Convolution of x [N, *sizes, I] with a kernel [*taps, I, O]; one stride and pad per axis."""
    kernel, dims = layer["kernel"], x.ndim - 2
    x = np.pad(x, [(0, 0), *((pad, pad) for pad in pads), (0, 0)])
    sizes = [
        (size - taps) // stride + 1
        for size, taps, stride in zip(x.shape[1:-1], kernel.shape, strides, strict=False)
    ]
    y = np.zeros((len(x), *sizes, kernel.shape[-1]))
    for tap in itertools.product(*map(range, kernel.shape[:dims])):
        places = tuple(
            slice(t, t + stride * (size - 1) + 1, stride)
            for t, stride, size in zip(tap, strides, sizes, strict=True)
        )
        y += x[(slice(None), *places)] @ kernel[tap]
    return y + layer.get("bias", 0)


def conv_transposed(x, layer, stride, pad):
    """Its transpose: every value of x [N, *sizes, I] adds a kernel [*taps, O, I] to the output."""
    kernel, dims = layer["kernel"], x.ndim - 2
    sizes = [(s - 1) * stride + taps for s, taps in zip(x.shape[1:-1], kernel.shape, strict=False)]
    y = np.zeros((len(x), *sizes, kernel.shape[-2]))
    for tap in itertools.product(*map(range, kernel.shape[:dims])):
        places = tuple(
            slice(t, t + stride * (size - 1) + 1, stride)
            for t, size in zip(tap, x.shape[1:-1], strict=True)
        )
        y[(slice(None), *places)] += x @ kernel[tap].T
    y = y[(slice(None), *[slice(pad, size - pad) for size in sizes])]
    return y + layer.get("bias", 0)


def batch_norm(x, layer, epsilon, training):
    """Over all axes but the last, by the minibatch's statistics or by the moving ones."""
    axes = tuple(range(x.ndim - 1))
    mean, variance = (
        (x.mean(axes), x.var(axes))
        if training
        else (layer["moving_mean"], layer["moving_variance"])
    )
    scaled = layer.get("gamma", 1) * (x - mean) / np.sqrt(variance + epsilon)
    return scaled + layer.get("beta", 0)


def layer_norm(x, layer, epsilon):
    """Over all axes but the first, with a scale and a shift per map."""
    axes = tuple(range(1, x.ndim))
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return layer["gamma"] * (x - mean) / np.sqrt(variance + epsilon) + layer["beta"]


def gru_step(x, h, layer):
    """One step of a GRU: gates r, z, n of PyTorch, which Keras stores in the order z, r, n."""
    zx, rx, nx = np.split(x @ layer["kernel"] + layer["bias"][0], 3, -1)
    zh, rh, nh = np.split(h @ layer["recurrent_kernel"] + layer["bias"][1], 3, -1)
    z, r = sigmoid(zx + zh), sigmoid(rx + rh)
    n = np.tanh(nx + r * nh)
    return (1 - z) * n + z * h


def relu(x):
    return np.maximum(x, 0)


def leaky_relu(x):
    return np.where(x > 0, x, 0.2 * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def grow_from_vector(latents, layers, name, dims, epsilon, training):
    """Transposed convolutions, each normalised and with a ReLU, as long as `layers` has some."""
    x, stage = latents.reshape(len(latents), *[1] * dims, -1), 0
    while f"{name}{stage}" in layers:
        x = conv_transposed(x, layers[f"{name}{stage}"], *((2, 1) if stage else (1, 0)))
        x = relu(batch_norm(x, layers[f"{name}{stage}_norm"], epsilon, training))
        stage += 1
    return x


def strided_critic(x, layers, strides, pads, norm):
    """Convolutions, each normalised where `layers` has a norm for it, and with a leaky ReLU."""
    for stage in range(sum(name.startswith("conv") for name in layers)):
        x = conv(x, layers[f"conv{stage}"], strides, pads)
        name = f"norm{stage}"
        x = leaky_relu(norm(x, layers[name]) if name in layers else x)
    return x
