"""Presets: a function each, which returns a complete frozen `Config`.

config = PRESETS["faces"]().override(["growth.resolution=128", "schedule.minibatch.64=4"])
"""

import dataclasses

from configuration.config import Config, SettingInfo, from_dict, list_settings
from configuration.sections import Growth, Metrics, Network, Prediction, Train
from growth.ladder import Ladder, name_ladder
from growth.phase import Schedule, at_size, list_phases
from losses import WGANGP
from models.settings import IVGANSettings, MoCoGANSettings, TGANSettings, VGANSettings
from support.errors import UserError


def faces() -> Config:
    """TrailerFaces at 256x256x32: Tables A.1 and A.2."""
    return Config("faces")


def ucf101() -> Config:
    """UCF-101 at 128x128x32."""
    return Config("ucf101", Growth("authors", resolution=128))


def golf() -> Config:
    """Golf at 128x128x32."""
    return Config("golf", Growth("authors", resolution=128))


def aeroplane() -> Config:
    """Aeroplane at 128x128x32."""
    return Config("aeroplane", Growth("authors", resolution=128))


def actions() -> Config:
    """Human actions at 64x64x16."""
    return Config("actions", Growth("thesis", resolution=64, num_frames=16))


def demo() -> Config:
    """Moving shapes at 32x32x8: minutes on a CPU."""
    rates = {4: 4e-3}
    return Config(
        "demo",
        Growth("thesis", 32, 8, feature_maps_base=256, feature_maps_max=32),
        Network(latent_size=32),
        Schedule(
            {4: 6.0, 8: 20.0, 16: 8.0},  # Coarse rungs cost little (docs/recipes.md).
            {4: 2.0},
            minibatch={4: 8},
            generator_rate=rates,
            critic_rate=rates,
            decay_kimg=4,
        ),
        train=Train(
            total_kimg=50,
            running_average=0.99,
            tick_kimg=2,
            snapshot_ticks=1,
            distance_ticks=5,
            distance_clips=256,
        ),
    )


def vgan_golf() -> Config:
    """VGAN's golf clips at 64x64x32, as published: 65,000 steps."""
    train = Train(total_kimg=65 * 64, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "vgan_golf",
        _one_rung(32, 64),
        schedule=_constant(64, 2e-4),
        model=VGANSettings(),
        train=train,
    )


def vgan_demo() -> Config:
    """A small VGAN for the synthetic clips at 32x32x16."""
    return _small("vgan_demo", vgan_golf())


def tgan_ucf101() -> Config:
    """TGAN's clips of UCF-101 at 64x64x16, as published: 100,000 steps."""
    train = Train(total_kimg=100 * 32, mirror=False)
    return Config(
        "tgan_ucf101",
        _one_rung(16, 64),
        schedule=_constant(32, 5e-5),
        model=TGANSettings(),
        train=train,
    )


def tgan_demo() -> Config:
    """A small TGAN for the synthetic clips at 32x32x16."""
    return _small("tgan_demo", tgan_ucf101())


def mocogan_actions() -> Config:
    """MoCoGAN of human actions at 64x64x16, as published: 100,000 steps."""
    train = Train(total_kimg=100 * 32, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "mocogan_actions",
        _one_rung(16, 64),
        schedule=_constant(32, 2e-4),
        model=MoCoGANSettings(),
        train=train,
    )


def mocogan_demo() -> Config:
    """A small MoCoGAN for the synthetic clips at 32x32x16, with noise, without which it is grey."""
    return _small("mocogan_demo", mocogan_actions().override(["model.noise=0.1"]))


def ivgan_golf() -> Config:
    """iVGAN's golf clips at 64x64x32, as long as VGAN; a critic step counts its clips."""
    train = Train(total_kimg=5 * 65 * 64, mirror=False, beta_1=0.5, beta_2=0.999)
    return Config(
        "ivgan_golf",
        _one_rung(32, 64),
        schedule=_constant(64, 2e-4),
        model=IVGANSettings(),
        loss=WGANGP(drift_weight=0.0),
        train=train,
    )


def ivgan_demo() -> Config:
    """A small iVGAN for the synthetic clips at 32x32x16."""
    return _small("ivgan_demo", ivgan_golf())


def prediction_demo() -> Config:
    """Moving shapes at 32x32, 4 frames to 4, by L1 alone: minutes on a CPU."""
    base, rates = demo(), {4: 4e-3, 32: 2e-3}
    schedule = Schedule(
        {4: 4.0, 8: 16.0, 16: 10.0},
        {4: 2.0},
        minibatch={4: 8},
        generator_rate=rates,
        critic_rate=rates,
    )
    return Config(
        "prediction_demo",
        dataclasses.replace(base.growth, feature_maps_max=64),
        base.network,
        schedule,
        prediction=Prediction(past=4, mask=True, critic=False),
        train=dataclasses.replace(
            base.train, total_kimg=50, tick_kimg=2, beta_1=0.9, running_average=0.995
        ),
    )


def moving_mnist() -> Config:
    """Moving MNIST at 64x64, 10 frames to 10."""
    ladder = "5x4x4 10x8x8 10x16x16 20x32x32 20x64x64"
    return _predict("moving_mnist", Growth(ladder, 64, 20), past=10, mirror=False)


def kth() -> Config:
    """KTH at 64x64, 10 frames to 10."""
    ladder = "5x4x4 10x8x8 10x16x16 10x32x32 20x64x64"
    return _predict("kth", Growth(ladder, 64, 20), past=10)


def kth_long() -> Config:
    """KTH at 128x128, 10 frames to 20."""
    ladder = "15x4x4 15x8x8 15x16x16 15x32x32 30x64x64 30x128x128"
    return _predict("kth_long", Growth(ladder, 128, 30), past=10)


def bair() -> Config:
    """BAIR robot pushing at 64x64, 2 frames to 14."""
    return _predict("bair", Growth("thesis", 64, 16), past=2, mirror=False)


def _predict(name, growth, past, mirror=True):
    """L1 with the weight 1 is as strong as the critic of WGAN-GP (docs/prediction.md)."""
    return Config(
        name,
        growth,
        loss=WGANGP(),
        prediction=Prediction(past, mask=True),
        train=Train(mirror=mirror),
    )


def _one_rung(frames, resolution):
    return Growth(f"{frames}x{resolution}x{resolution}", resolution, frames)


def _constant(minibatch, rate):
    """A schedule that does not grow."""
    rates = {4: rate}
    minibatches = {4: minibatch}
    return Schedule(growing=False, minibatch=minibatches, generator_rate=rates, critic_rate=rates)


def _small(name, published):
    """A published preset at 32x32x16 with few feature maps and small minibatches."""
    model = dataclasses.replace(published.model, maps=8)
    schedule = dataclasses.replace(published.schedule, minibatch={4: 8})
    train = dataclasses.replace(
        published.train,
        total_kimg=60,
        tick_kimg=2,
        snapshot_ticks=2,
        distance_ticks=5,
        distance_clips=256,
    )
    return Config(
        name, _one_rung(16, 32), schedule=schedule, model=model, loss=published.loss, train=train
    )


_OF_THE_PAPER = (faces, ucf101, golf, aeroplane, actions, demo)
_OF_RIVALS = (
    vgan_golf,
    vgan_demo,
    tgan_ucf101,
    tgan_demo,
    mocogan_actions,
    mocogan_demo,
    ivgan_golf,
    ivgan_demo,
)
_OF_PREDICTION = (prediction_demo, moving_mnist, kth, kth_long, bair)
PRESETS = {f.__name__: f for f in (*_OF_THE_PAPER, *_OF_RIVALS, *_OF_PREDICTION)}


def preset(name: str) -> Config:
    """The preset of this name; raises `UserError` with the names there are."""
    if name not in PRESETS:
        raise UserError(f"`config` should be one of {', '.join(PRESETS)}. Received: {name}")
    return PRESETS[name]()


def config_for(name: str, ladder: Ladder) -> tuple[Config, str]:
    """The config of a data set that has this ladder, and the preset it is made of.

    That is the smallest preset whose clips are as large. It is trained as long as the ladder needs.
    """
    presets = sorted(PRESETS.values(), key=lambda make: make().growth.resolution)
    size, longer = ladder[-1].height, max(ladder[-1].shape[1:])
    chosen = next((p for p in presets if p().growth.resolution >= longer), presets[-1])
    base = chosen()
    growth = dataclasses.replace(
        base.growth,
        ladder=name_ladder(ladder),
        resolution=size,
        num_frames=ladder[-1].frames,
    )
    config = dataclasses.replace(base, name=name, growth=growth)
    last = list_phases(config.schedule, config.ladder)[-1]
    needed = last.begin / 1000 + at_size(config.schedule.lod_training_kimg, size)
    train = dataclasses.replace(base.train, total_kimg=max(base.train.total_kimg, needed))
    return dataclasses.replace(config, train=train), base.name


__all__ = [
    "PRESETS",
    "Config",
    "Growth",
    "Metrics",
    "Network",
    "Prediction",
    "SettingInfo",
    "Train",
    "config_for",
    "from_dict",
    "list_settings",
    "preset",
]
