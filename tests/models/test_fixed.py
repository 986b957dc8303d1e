"""The models of one size: each trains, resumes, is sampled and exported like all."""

import json

import numpy as np
import pytest
import tensorflow as tf

from commands.train import watchers_of, with_classes
from dataset.batch import Batch
from growth.phase import Lod
from models.model import Part, Update
from models.registry import model_class
from networks.inputs import Inputs
from run_folder.folder import RunFolder
from sampling.export import as_module
from sampling.latents import even_labels, sample_latents
from sampling.snapshot import list_snapshots, load_snapshot
from support.errors import UserError
from tests.models.test_registries import DATA, Clips
from tests.training.toys import all_weights, tiny_config, trainer_for
from training.dry_run import describe
from training.loop import train
from training.noise import Noise

ONE_RUNG = ["growth.ladder=16x8x8", "growth.resolution=8", "growth.num_frames=16"]
ONE_RUNG += ["schedule.minibatch=4", "schedule.generator_rate=1e-3", "schedule.critic_rate=1e-3"]
ONE_RUNG += ["train.total_kimg=0.012", "train.tick_kimg=0.004", "train.steps_per_call=1"]
ONE_RUNG += ["train.distance_ticks=0"]
SMALL = {
    "vgan": ["model=vgan", "model.maps=2", "model.latent_size=5", "model.average=true"],
    "mocogan": ["model=mocogan", "model.maps=2", "model.content=4", "model.motion=3"]
    + ["model.categories=2", "model.noise=0.1"],
    "ivgan": ["loss=wgan_gp", "model=ivgan", "model.maps=2", "model.latent_size=5"]
    + ["model.critic_steps=2"],
    "tgan": ["model=tgan", "model.maps=2", "model.latent_size=5"],
}
SMALL["tgan, labels"] = [*SMALL["tgan"], "network.labels=concat", "network.classes=('a', 'b')"]


class Labelled(Clips):
    """Noise with labels 0, 1, 0, 1 ..."""

    def dataset(self, *args, **kwargs):
        clips = super().dataset(*args, **kwargs)
        return clips.map(lambda batch: Batch(batch.clips, tf.range(len(batch.labels)) % 2))


def small_config(name, *settings):
    return tiny_config(*ONE_RUNG, *SMALL[name], *settings)


@pytest.mark.parametrize("name", SMALL)
def test_it_resumes_on_other_replicas_and_is_sampled(name, tmp_path):
    config = small_config(name)
    trainer = _run(tmp_path, config, until=8, replicas=1)
    _run(tmp_path, config, until=12, replicas=2)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").open()]
    assert [line["nimg"] for line in history] == [4, 8, 12]
    train(trainer, Labelled(config.ladder), until=12)  # The same without the break.
    assert trainer.nimg == 12
    snapshot = load_snapshot(tmp_path, list_snapshots(tmp_path)[-1])
    assert snapshot.config == config
    for kept, trained in zip(
        snapshot.generator.get_weights(),
        trainer.model.networks[trainer.model.sampled].get_weights(),
        strict=True,
    ):
        np.testing.assert_allclose(kept, trained, atol=5e-3)
    latents = sample_latents(3, config.latent_size, seed=0)
    clips = snapshot.sample(latents)
    assert clips.shape == (3, 16, 8, 8, 3)
    assert np.abs(clips).max() <= 1
    np.testing.assert_allclose(clips[:1], snapshot.sample(latents[:1]), atol=1e-6)  # Each alone.
    labels = [even_labels(3, [0, 1])] if config.num_classes else []
    exported = as_module(snapshot).make_clips(*map(tf.constant, [latents, *labels]))["clips"]
    np.testing.assert_allclose(exported, clips, atol=1e-5)


def _run(path, config, until, replicas):
    clips, trainer = Labelled(config.ladder), trainer_for(config, replicas)
    with RunFolder(path, config, DATA) as run:
        run.restore_latest(trainer)
        train(trainer, clips, watchers_of(run, config, clips, 0), until=until)
    return trainer


def test_mocogan_needs_frames_and_the_right_labels():
    with pytest.raises(UserError, match="mocogan should have at least 16 frames.* Received: 8"):
        small_config("mocogan", "growth.ladder=8x8x8", "growth.num_frames=8")
    config = small_config("mocogan", "model.categories=6")
    with pytest.raises(UserError, match="`model.categories` should be .* 4, or 0. Received: 6"):
        config.model.check_labels(["run", "walk", "jump", "wave"])


def test_mocogans_categories_are_learned_where_there_are_labels():
    config = small_config("mocogan", "model.category_in=motion", "model.weight_decay=0")
    model = model_class(config)(config)
    reals = Batch(tf.zeros([3, 16, 8, 8, 3]), tf.constant([0, 1, -1]))
    part = Part(reals, Lod(0), Noise(0, 0, 0, 3, 0, 3), 3)
    loss = model._video_terms(part).minimised["category"].numpy()
    assert loss[2] == 0 < loss[:2].min()
    plain = small_config("mocogan", "model.categories=0")
    updates = [step for step in model_class(plain)(plain).steps() if isinstance(step, Update)]
    assert not [name for update in updates for name in update.term_names if "category" in name]


def test_mocogan_makes_the_category_that_is_asked_for():
    config = with_classes(small_config("mocogan"), ["run", "walk"])
    assert config.class_names == ("run", "walk")
    assert not small_config("vgan").class_names
    generator = model_class(config).generator(config)
    latents = tf.constant(sample_latents(3, config.latent_size, seed=0))
    drawn = generator.one_hot(Inputs(latents)).numpy()
    asked = generator.one_hot(Inputs(latents, tf.constant([1, 0, -1]))).numpy()
    np.testing.assert_array_equal(asked, [[0, 1], [1, 0], drawn[2]])
    between = generator.one_hot(Inputs(latents, tf.constant([[0.5, 0.5]] * 3))).numpy()
    np.testing.assert_array_equal(between, np.full((3, 2), 0.5))


def test_tgan_has_the_published_form_of_labels():
    with pytest.raises(UserError, match="should be none or concat for the model tgan"):
        small_config("tgan", "network.labels=projection")


def test_ivgan_clips_weights_where_the_loss_does():
    config = small_config("ivgan", "loss=wgan", "loss.clip=0.01")
    trainer = trainer_for(config)
    train(trainer, Labelled(config.ladder), until=4)
    largest = [np.abs(w).max() for w in trainer.model.networks["D"].get_weights()]
    assert max(largest) == pytest.approx(0.01)
    with pytest.raises(UserError, match="does not use `loss.critic_steps`"):
        small_config("ivgan", "loss=wgan", "loss.critic_steps=5")


def test_ivgan_takes_losses_of_one_score():
    with pytest.raises(UserError, match="`loss` should have a scalar head for the model ivgan"):
        small_config("ivgan", "loss=swgan")


@pytest.mark.parametrize("name", SMALL)
def test_it_is_described(name):
    text, kind = describe(small_config(name)), name.split(",")[0]
    assert f"Model: kind={kind}" in text
    assert "unknown" in text  # The estimate of memory is for networks that grow.
    assert "Loss:" not in text or name == "ivgan"


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["growth.ladder=8x4x4 16x8x8"], "`schedule.growing` should be false for the model"),
        (["growth.ladder=16x4x4", "growth.resolution=4"], "clips of 8x8, 16x16, .* 16x4x4"),
        (["growth.ladder=16x128x128", "growth.resolution=128"], "clips of 8x8, .* 16x128x128"),
        (["train.accumulate=2"], "`train.accumulate` should be 1 for the model"),
        (["network.latent_size=4"], "does not use `network.latent_size`"),
    ],
)
def test_what_it_cannot_do_is_refused(name, settings, message):
    with pytest.raises(UserError, match=message):
        small_config(name, *settings)


def test_a_ladder_of_several_rungs_is_taken_at_its_top():
    config = small_config("vgan", "schedule.growing=false", "growth.ladder=8x4x4 16x8x8")
    G = model_class(config).generator(config)
    assert G.streams(_inputs(config))["clip"].shape == (2, 16, 8, 8, 3)


def _inputs(config):
    from networks.inputs import Inputs

    return Inputs(tf.constant(sample_latents(2, config.latent_size, seed=1)))


def test_weights_are_drawn_from_the_seed():
    one, other = (all_weights(trainer_for(small_config("vgan"))) for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_singular_values_of_tgans_critic_are_clipped():
    config = small_config("tgan", "model.svc_every=2")
    trainer = trainer_for(config, replicas=2)
    D = trainer.model.networks["D"]
    for layer in D.convs:
        layer.kernel.assign(3 * layer.kernel.value)
    assert _largest_singular_value(D.convs[0]) > 1.1
    train(trainer, Labelled(config.ladder), until=4)  # The step 0.
    assert all(_largest_singular_value(layer) <= 1 + 1e-6 for layer in (*D.convs, D.last))
    train(trainer, Labelled(config.ladder), until=8)  # The step 1, after which nothing is clipped.
    assert _largest_singular_value(D.convs[0]) > 1 + 1e-5


def _largest_singular_value(layer):
    kernel = np.asarray(layer.kernel)
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False).max()


def test_weights_of_tgans_critic_are_clipped():
    config = small_config("tgan", "model.variant=clip", "model.clip=0.02")
    trainer = trainer_for(config)
    train(trainer, Labelled(config.ladder), until=4)
    weights = trainer.model.networks["D"].trainable_weights
    assert max(np.abs(weight).max() for weight in weights) == pytest.approx(0.02)


@pytest.mark.parametrize("weight", [0.1, 10.0])
def test_vgans_mask_falls_with_its_weight(weight):
    """Ten steps of plain gradient descent, of all that the generator minimises."""
    config = small_config("vgan", f"model.mask_weight={weight}", "model.average=false")
    model = model_class(config)(config)
    G, reals = model.networks["G"], Batch(tf.zeros([2, 16, 8, 8, 3]), tf.constant([-1, -1]))
    for step in range(10):
        part = Part(reals, Lod(0), Noise(0, step, 1, 2, 0, 2), 2)
        with tf.GradientTape() as tape:
            loss = sum(map(tf.reduce_mean, model._generator_terms(part).minimised.values()))
        variables = [variable.value for variable in G.trainable_variables]
        for variable, slope in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.03 * slope)
    mask = tf.reduce_mean(G.streams(_inputs(config), training=True)["mask"])
    assert mask < 0.4 if weight > 1 else 0.45 < mask < 0.55
