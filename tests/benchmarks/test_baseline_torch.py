"""The twin in PyTorch is the same function as ours: weights are copied, and both are asked."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import config
from dataset.batch import Batch
from growth.phase import Lod, phase_at
from models.critic import PhaseCritic
from networks.discriminator import Discriminator
from networks.generator import Generator
from networks.heads import Orthogonal
from networks.inputs import Inputs

torch = pytest.importorskip("torch")
twin = pytest.importorskip("benchmarks.torch_twin")

SCRIPT = Path(__file__).parents[2] / "benchmarks/baseline_torch.py"
CONFIG = config.faces().override(
    [
        "growth.ladder=4x4x4 4x8x8 8x16x16",
        "growth.resolution=16",
        "growth.num_frames=8",
        "growth.feature_maps_max=8",
        "network.latent_size=16",
        "network.stddev_group=2",
        "schedule.growing=false",
    ]
)


class Pair:
    """Networks of both frameworks with the same weights, and clips and noise for them."""

    def __init__(self, form, memory_format, minibatch):
        c = CONFIG.override([f"network.fused_resample={form == 'fused'}"])
        keras.utils.set_random_seed(0)
        random = np.random.default_rng(0)
        self.G, D = Generator(c.ladder, c.network), Discriminator(c.ladder, c.network, "sliced")
        for variable in (*self.G.trainable_variables, *D.trainable_variables):
            if len(variable.shape) == 1:  # Biases begin at 0, which would hide mistakes.
                variable.assign_add(0.1 * random.standard_normal(variable.shape))
        self.level, self.group = c.ladder.top, min(c.network.stddev_group, minibatch)
        self.D, self.critic = D, PhaseCritic(D, Lod(self.level), self.group)
        memory_format = getattr(torch, memory_format)
        self.twin_G = twin.Generator(c.ladder, c.network).to(memory_format=memory_format)
        self.twin_D = twin.Critic(c.ladder, c.network, self.group).to(memory_format=memory_format)
        self.twin_G.load_state_dict(generator_state(self.G, np.asarray))
        self.twin_D.load_state_dict(critic_state(D, np.asarray))
        shape = (minibatch, *c.ladder[self.level].shape, 3)
        self.reals, self.fakes = random.uniform(-1, 1, (2, *shape)).astype(np.float32)
        self.latents = random.standard_normal((minibatch, 16)).astype(np.float32)
        self.shares = {
            shape: random.uniform(size=(minibatch, *shape)).astype(np.float32)
            for shape in ((1, 1, 1, 1), (1,))
        }

    def uniform(self, *shape):
        """The noise of losses/swgan.py."""
        return self.shares[shape]


@pytest.fixture(params=["plain", "fused"])
def form(request):
    return request.param


@pytest.fixture(params=["contiguous_format", "channels_last_3d"])
def memory_format(request):
    return request.param


@pytest.fixture(params=["usual", "tuned"])
def tuned(request):
    twin.tuned(request.param == "tuned")
    yield
    twin.tuned(False)


@pytest.fixture(params=[1, 4])
def pair(form, memory_format, tuned, request):
    return Pair(form, memory_format, request.param)


def generator_state(G, value):
    """Values of Keras' variables (weights, gradients) by the twin's names and in its layout."""
    convs = [G.conv, *(conv for block in G.blocks for conv in (block.conv0, block.conv1))]
    kernel = value(G.dense.kernel)  # [K, T * H * W * C]
    kernel = kernel.reshape(-1, 4, 4, 4, 8).transpose(0, 4, 1, 2, 3).reshape(kernel.shape)
    state = {"dense.kernel": kernel, "dense.bias": value(G.dense.bias)}
    return in_torch(state | convolutions(convs, value, to_rgb=G.to_rgb[-1]))


def critic_state(D, value):
    """As `generator_state`."""
    E, head = D.encoder, D.head
    convs = [conv for block in E.blocks[::-1] for conv in (block.conv0, block.conv1)]
    kernel = value(E.dense.kernel)  # [T * H * W * C, K]
    kernel = kernel.reshape(4, 4, 4, 8, -1).transpose(3, 0, 1, 2, 4).reshape(kernel.shape)
    state = {"dense.kernel": kernel, "dense.bias": value(E.dense.bias)}
    state |= {"theta": value(head.theta), "slopes": value(head.slopes), "bias": value(head.bias)}
    return in_torch(state | convolutions(convs, value, from_rgb=E.from_rgb[-1], conv=E.conv))


def convolutions(convs, value, **named):
    state = {}
    for name, conv in {**{f"convs.{i}": c for i, c in enumerate(convs)}, **named}.items():
        state[f"{name}.kernel"] = value(conv.kernel).transpose(4, 3, 0, 1, 2)
        state[f"{name}.bias"] = value(conv.bias)
    return state


def in_torch(state):
    return {name: torch.from_numpy(value.copy()) for name, value in state.items()}


def maps_first(clips):
    return torch.from_numpy(np.moveaxis(clips, -1, 1).copy())


def gradients(tape, loss, variables):
    """A function that gives each variable's gradient."""
    values = tape.gradient(loss, [v.value for v in variables])
    by_variable = {id(v): g for v, g in zip(variables, values, strict=True)}
    return lambda variable: np.asarray(by_variable[id(variable)])


def assert_gradients_agree(network, expected):
    for name, parameter in network.named_parameters():
        close(parameter.grad, expected[name], name)


def close(actual, expected, name=""):
    expected = np.asarray(expected)
    error = np.max(np.abs(np.asarray(actual.detach()) - expected))
    assert error <= 1e-4 * np.max(np.abs(expected)) + 1e-6, name


def batch(clips):
    return Batch(tf.convert_to_tensor(clips), tf.fill([len(clips)], -1))


def test_generator(pair):
    clips = pair.twin_G(torch.from_numpy(pair.latents))
    close(clips.movedim(1, -1), pair.G(Inputs(pair.latents), lod=Lod(pair.level)))


def test_encoder_and_head(pair):
    seen = pair.critic.encode(batch(pair.reals))
    close(pair.twin_D.encode(maps_first(pair.reals)), seen.values)
    twin_features = torch.from_numpy(seen.values.numpy())
    close(pair.twin_D.score(twin_features), pair.critic.score(seen))


def test_critics_terms_and_gradients(pair):
    with tf.GradientTape() as tape:
        terms, *_ = CONFIG.loss.discriminator_loss(
            pair.critic, batch(pair.reals), batch(pair.fakes), pair
        )
        loss = tf.add_n([tf.reduce_mean(term) for term in terms.values()])
    expected = critic_state(pair.D, gradients(tape, loss, pair.D.trainable_variables))
    shares = map(torch.from_numpy, (pair.uniform(1, 1, 1, 1), pair.uniform(1)))
    clips = maps_first(pair.reals), maps_first(pair.fakes)
    twin_terms = twin.discriminator_loss(pair.twin_D, *clips, CONFIG.loss, *shares)
    assert twin_terms.keys() == terms.keys()
    for name, term in terms.items():
        close(twin_terms[name], term, name)
    sum(term.mean() for term in twin_terms.values()).backward()
    assert_gradients_agree(pair.twin_D, expected)


def test_generators_gradients(pair):
    with tf.GradientTape() as tape:
        clips = pair.G(Inputs(pair.latents), lod=Lod(pair.level))
        loss = -tf.reduce_mean(pair.critic.score(pair.critic.encode(batch(clips))))
    expected = generator_state(pair.G, gradients(tape, loss, pair.G.trainable_variables))
    pair.twin_D.requires_grad_(False)
    clips = pair.twin_G(torch.from_numpy(pair.latents))
    (-pair.twin_D.score(pair.twin_D.encode(clips)).mean()).backward()
    assert_gradients_agree(pair.twin_G, expected)


def test_retraction():
    random = np.random.default_rng(0)
    matrix = np.linalg.qr(random.standard_normal((128, 128)))[0]
    matrix = (matrix + 1e-3 * random.standard_normal(matrix.shape)).astype(np.float32)
    retracted = torch.from_numpy(matrix.copy())
    twin.orthogonalize_(retracted)
    np.testing.assert_allclose(retracted, Orthogonal()(tf.constant(matrix)), atol=2e-6)


def test_a_step_moves_everything():
    phase = phase_at(0, CONFIG.schedule, CONFIG.ladder)
    step = twin.TrainingStep(CONFIG, phase, torch.channels_last_3d)
    before = {
        part: [p.clone() for p in getattr(step, part).parameters()] for part in ["G", "D", "Gs"]
    }
    for _ in range(2):  # The average begins at the generator's weights, and stays there at first.
        terms = step(torch.rand(phase.minibatch, 3, *CONFIG.ladder[-1].shape))
    assert all(torch.isfinite(term) for term in terms.values())
    assert {*CONFIG.loss.terms, "generator"} <= terms.keys()
    for part, values in before.items():
        for old, new in zip(values, getattr(step, part).parameters(), strict=True):
            assert not torch.equal(old, new)


def run(*flags):
    command = [sys.executable, SCRIPT, "--resolution=4", "--minibatch=2", "--steps=1", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_command_gives_one_line_of_json(form):
    ended = run(f"--form={form}", "--config=demo", "--json")
    result = json.loads(ended.stdout)
    assert (result["rung"], result["minibatch"], result["form"]) == ("4x4x4", 2, form)
    assert result["clips_per_second"] == pytest.approx(2 / result["seconds_per_step"]["median"])
    assert result["seconds_per_kimg"] == pytest.approx(1000 / result["clips_per_second"])
    assert result["peak_memory_bytes"] > 1e8


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["--resolution=5"],
            "--resolution should be one of 4, 8, 16, 32, 64, 128, 256. Received: 5",
        ),
        (["--steps=0"], "--steps should be positive. Received: 0"),
    ],
)
def test_a_users_mistake_is_one_sentence(flags, sentence):
    ended = run(*flags)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Error: {sentence}\n"
