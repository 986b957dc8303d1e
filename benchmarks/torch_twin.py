"""A training step of a stable rung in eager PyTorch: as it is usually written, or tuned.

Usual code leaves all derivatives to autograd. Tuned code (`tuned(True)`) writes those by hand at
which PyTorch is slow; it is what an expert gets out of a CPU.

The functions are those of networks/, losses/swgan.py (its defaults) and training/step.py, and
tests/benchmarks holds the two together. Here clips and maps are [N, C, T, H, W], kernels [outputs,
inputs, T, H, W].
"""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

LEAK = 0.2
RELU_GAIN = math.sqrt(2)
# PyTorch convolves one clip slowly by itself where maps x frames x height are at most so many.
SMALL = 20480
_tuned = False


def tuned(wanted: bool):
    """Chooses how all twins of this process are computed."""
    global _tuned
    _tuned = wanted


def convolve(x, kernel, bias, strides, transposed):
    """Convolution with zeros beyond the border; a transposed kernel is [inputs, outputs, ...]."""
    if _tuned:
        return Convolution.apply(x, kernel, bias, strides, transposed)
    padding = [size // 3 for size in kernel.shape[2:]]  # Kernels have 1, 3 or 4 taps.
    function = F.conv_transpose3d if transposed else F.conv3d
    return function(x, kernel, bias, strides, padding)


def leaky_relu(x):
    return LeakyReLU.apply(x) if _tuned else F.leaky_relu(x, LEAK)


def pixel_norm(x):
    if _tuned:
        return PixelNorm.apply(x)
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class Convolution(torch.autograd.Function):
    """Convolution, plain or transposed, whose second derivative is as fast as its first.

    PyTorch's own second derivative for the kernel convolves with a kernel as large as the maps.
    Here the gradient for the input is a `Convolution` again.
    """

    @staticmethod
    def forward(ctx, x, kernel, bias, strides, transposed):
        ctx.save_for_backward(x, kernel)
        padding = [size // 3 for size in kernel.shape[2:]]  # Kernels have 1, 3 or 4 taps.
        ctx.settings = strides, padding, [1, 1, 1], transposed, [0, 0, 0], 1
        ctx.small = len(x) == 1 and x[0, ..., 0].numel() <= SMALL and kernel.shape[-1] < 4
        y = torch.ops.aten.convolution(_maps(ctx, x), kernel, bias, *ctx.settings)
        return _dense(y)

    @staticmethod
    def backward(ctx, gradient):
        x, kernel = ctx.saved_tensors
        strides, _, _, transposed, _, _ = ctx.settings
        if torch.is_grad_enabled():  # The penalty differentiates by clips only.
            return Convolution.apply(gradient, kernel, None, strides, not transposed), *[None] * 4
        of_x, of_kernel, of_bias = torch.ops.aten.convolution_backward(
            *(_maps(ctx, gradient), _maps(ctx, x), kernel, [kernel.shape[transposed]]),
            *(*ctx.settings, ctx.needs_input_grad[:3]),
        )
        return _dense(of_x), of_kernel, of_bias, None, None


def _maps(ctx, x):
    return x.to_mkldnn() if ctx.small else x


def _dense(x):
    return x.to_dense() if x is not None and x.is_mkldnn else x


class LeakyReLU(torch.autograd.Function):
    """Scales `x` by 1 or 0.2, by the sign of `y`, or in place by its own.

    PyTorch's own second derivative for `y` is a tensor of zeros that goes all the way down.
    """

    @staticmethod
    def forward(ctx, x, y=None):
        if y is None:
            ctx.mark_dirty(x)
            result = y = F.leaky_relu_(x, LEAK)
        else:
            result = torch.ops.aten.leaky_relu_backward(x, y, LEAK, True)
        ctx.save_for_backward(y)
        return result

    @staticmethod
    def backward(ctx, gradient):
        return LeakyReLU.apply(gradient, ctx.saved_tensors[0].detach()), None


class PixelNorm(torch.autograd.Function):
    """a / sqrt(mean over the maps of a^2 + 1e-8), in fewer passes than autograd's."""

    @staticmethod
    def forward(ctx, x):
        scale = x.square().mean(1, keepdim=True).add_(1e-8).rsqrt_()
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx, gradient):
        y, scale = ctx.saved_tensors
        along = (gradient * y).mean(1, keepdim=True)
        return torch.addcmul(gradient, y, along, value=-1).mul_(scale)


def minibatch_stddev(x, group):
    """Appends one map: the mean standard deviation over each group of consecutive clips."""
    if group == 1:
        return torch.cat([x, torch.full_like(x[:, :1], 1e-4)], 1)
    groups = x.unflatten(0, (-1, group))
    variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
    stddev = (variance + 1e-8).sqrt().flatten(1).mean(1).repeat_interleave(group)
    return torch.cat([x, stddev.view(-1, 1, 1, 1, 1).expand_as(x[:, :1])], 1)


def sum_of_shifts(kernel, factors):
    """[k0, k1, k2] -> [k0, k0 + k1, k1 + k2, k2] along the axes whose factor is 2."""
    for axis, factor in enumerate(factors):
        if factor == 2:
            later = [0, 0] * (2 - axis)
            kernel = F.pad(kernel, [*later, 1, 0]) + F.pad(kernel, [*later, 0, 1])
    return kernel


class EqualizedDense(nn.Module):
    """Matrix product and bias; `outputs` is (maps, *places), with a bias for each map."""

    def __init__(self, inputs, outputs, gain):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(inputs, math.prod(outputs)))
        self.bias = nn.Parameter(torch.zeros(outputs[0]))
        self.scale, self.outputs = gain / math.sqrt(inputs), outputs

    def forward(self, x):
        x = x.flatten(1) @ (self.kernel * self.scale)
        return (x.view(len(x), len(self.bias), -1) + self.bias[:, None]).view(-1, *self.outputs)


class EqualizedConv3d(nn.Module):
    """Convolution and bias, after nearest upscaling or before a box average; plain or fused."""

    def __init__(self, inputs, outputs, size=3, up=None, down=None, fused=True, gain=RELU_GAIN):
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(outputs, inputs, size, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(size**3 * inputs)
        self.up, self.down, self.fused = up, down, fused

    def forward(self, x):
        kernel, same = self.kernel * self.scale, (1, 1, 1)
        if self.up and self.fused:
            kernel = sum_of_shifts(kernel.flip(2, 3, 4).transpose(0, 1), self.up)
            return convolve(x, kernel, self.bias, self.up, True)
        if self.down and self.fused:
            kernel = sum_of_shifts(kernel / math.prod(self.down), self.down)
            return convolve(x, kernel, self.bias, self.down, False)
        if self.up:
            x = F.interpolate(x, scale_factor=self.up)
        x = convolve(x, kernel, self.bias, same, False)  # An average keeps the bias.
        return box_average(x, self.down) if self.down else x


def box_average(x, factors):
    """Average over blocks; `F.avg_pool3d` is 20 times slower in channels-last."""
    if not _tuned:
        return F.avg_pool3d(x, factors)
    return F.interpolate(x, scale_factor=[1 / factor for factor in factors], mode="trilinear")


class Generator(nn.Module):
    """Latents [N, K] to clips at the top of the ladder."""

    def __init__(self, ladder, network):
        super().__init__()
        maps, fused = [rung.feature_maps for rung in ladder], network.fused_resample
        base = (maps[0], *ladder[0].shape)
        self.dense = EqualizedDense(network.latent_size, base, RELU_GAIN / 4)
        self.convs = nn.ModuleList([EqualizedConv3d(maps[0], maps[0])])
        for i in range(1, len(ladder)):
            up = ladder.factors(i)
            self.convs.append(EqualizedConv3d(maps[i - 1], maps[i], up=up, fused=fused))
            self.convs.append(EqualizedConv3d(maps[i], maps[i]))
        self.to_rgb = EqualizedConv3d(maps[-1], 3, size=1, gain=1.0)

    def forward(self, latents):
        x = self.dense(pixel_norm(latents))
        x = pixel_norm(leaky_relu(x))
        for conv in self.convs:
            x = pixel_norm(leaky_relu(conv(x)))
        return self.to_rgb(x)


class Critic(nn.Module):
    """Clips at the top of the ladder to K features, and these to scores (equation 5.2)."""

    def __init__(self, ladder, network, group):
        super().__init__()
        maps, size = [rung.feature_maps for rung in ladder], network.latent_size
        self.from_rgb, self.convs = EqualizedConv3d(3, maps[-1], size=1), nn.ModuleList()
        for i in range(ladder.top, 0, -1):
            down, fused = ladder.factors(i), network.fused_resample
            self.convs.append(EqualizedConv3d(maps[i], maps[i]))
            self.convs.append(EqualizedConv3d(maps[i], maps[i - 1], down=down, fused=fused))
        self.conv, self.group = EqualizedConv3d(maps[0] + 1, maps[0]), group
        self.dense = EqualizedDense(maps[0] * math.prod(ladder[0].shape), (size,), 1.0)
        self.theta = nn.Parameter(nn.init.orthogonal_(torch.empty(size, size)))
        self.slopes, self.bias = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))

    def encode(self, clips):
        x = leaky_relu(self.from_rgb(clips))
        for conv in self.convs:
            x = leaky_relu(conv(x))
        return self.dense(leaky_relu(self.conv(minibatch_stddev(x, self.group))))

    def score(self, features):
        return leaky_relu(torch.addcmul(self.bias, features @ self.theta, self.slopes)).mean(1)


def discriminator_loss(critic, reals, fakes, settings, share_of_clips, share_of_features):
    """The terms of equation 5.3, [N] each; `settings` are those of losses/swgan.py."""
    real_features, fake_features = critic.encode(torch.cat([reals, fakes])).chunk(2)
    clips = torch.lerp(reals, fakes, share_of_clips)
    slopes = gradient(lambda x: critic.score(critic.encode(x)), clips)
    features = torch.lerp(real_features.detach(), fake_features.detach(), share_of_features)
    norm = (gradient(critic.score, features).square().sum(1) + 1e-12).sqrt()
    target = settings.projection_norm / math.sqrt(features.shape[1])
    return {
        "critic": critic.score(fake_features) - critic.score(real_features),
        "gradient_penalty": settings.gradient_weight * slopes.square().flatten(1).sum(1),
        "projection_penalty": settings.projection_weight * (norm - target).square(),
    }


def gradient(function, points):
    """Gradient at each of `points` of `function(points)` [N]; differentiable itself."""
    points.requires_grad_()
    return torch.autograd.grad(function(points).sum(), points, create_graph=True)[0]


@torch.no_grad()
def orthogonalize_(matrix, rounds=40):
    """Newton and Schulz' iteration to the polar factor; the last round squares an error of 1e-3."""
    eye = torch.eye(len(matrix))
    for _ in range(rounds):
        error = matrix.T @ matrix - eye
        matrix.addmm_(matrix.clone(), error, alpha=-0.5)
        if error.abs().max() < 1e-3:
            return


class TrainingStep:
    """Critic update, running average, generator update, at the top of `config.ladder`.

    Args:
        config: a `config.Config`, or what has its `ladder`, `network`, `loss` and `train`.
        phase: gives minibatch and rates.
        memory_format: of kernels, and so of maps.
    """

    def __init__(self, config, phase, memory_format):
        self.config, self.minibatch = config, phase.minibatch
        group = min(config.network.stddev_group, phase.minibatch)
        self.G = Generator(config.ladder, config.network).to(memory_format=memory_format)
        self.D = Critic(config.ladder, config.network, group).to(memory_format=memory_format)
        self.Gs = copy.deepcopy(self.G).requires_grad_(False)
        self.G_optimizer = self._adam(self.G, phase.generator_rate)
        self.D_optimizer = self._adam(self.D, phase.critic_rate)

    def __call__(self, reals):
        """Takes a step with `reals` [N, 3, T, H, W]; returns the mean of each loss term."""
        terms = self._update_D(reals)
        self._update_Gs()
        return terms | self._update_G()

    def _update_D(self, reals):
        with torch.no_grad():
            fakes = self.G(self._latents())
        self.D.requires_grad_(True)
        shares = torch.rand(self.minibatch, 1, 1, 1, 1), torch.rand(self.minibatch, 1)
        terms = discriminator_loss(self.D, reals, fakes, self.config.loss, *shares)
        norm = self._apply(self.D, self.D_optimizer, terms)
        orthogonalize_(self.D.theta)
        return terms | {"D_gradient_norm": norm}

    def _update_G(self):
        self.D.requires_grad_(False)
        terms = {"generator": -self.D.score(self.D.encode(self.G(self._latents())))}
        return terms | {"G_gradient_norm": self._apply(self.G, self.G_optimizer, terms)}

    @torch.no_grad()
    def _update_Gs(self):
        averages, values = list(self.Gs.parameters()), list(self.G.parameters())
        torch._foreach_lerp_(averages, values, 1 - self.config.train.running_average)

    def _latents(self):
        return torch.randn(self.minibatch, self.config.network.latent_size)

    def _adam(self, network, rate):
        train = self.config.train
        betas = train.beta_1, train.beta_2
        return torch.optim.Adam(network.parameters(), rate, betas, train.epsilon, fused=True)

    def _apply(self, network, optimizer, terms):
        """Updates `network`, makes means of `terms`, and returns the norm of the gradients."""
        for term in terms:
            terms[term] = terms[term].mean()
        sum(terms.values()).backward()
        norm = nn.utils.get_total_norm([p.grad for p in network.parameters()], foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return norm
