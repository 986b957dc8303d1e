"""Compares losses at equal kimg: the sliced Wasserstein distance of Gs to reals it never saw.

    python benchmarks/losses.py --train=DATA --score=DATA loss=wgan_gp loss.gradient_weight=3

Both data sets hold the rungs up to --resolution and --num_frames. A run prints one JSON line a
seed; docs/losses.md has the results.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent.parent))

from config import Config, Growth, Network, Train
from dataset.pipeline import ClipPipeline
from growth.phase import Schedule
from metrics.sliced_wasserstein import PatchBank, sliced_wasserstein
from sampling.latents import sample_latents
from support.media import filmstrip, to_uint8, write_clip
from training.keeper import snapshot_of
from training.loop import Call, Watcher, train
from training.trainer import Trainer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--resolution", type=int, default=16)
    parser.add_argument("--num_frames", type=int, default=8)
    parser.add_argument("--kimg", type=float, default=5, help="of each phase")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("settings", nargs="*", help="key=value, as train.py --set takes them")
    flags = parser.parse_args()
    for seed in flags.seeds:
        print(json.dumps(run(flags, seed)), flush=True)


def run(flags, seed):
    config = _config(flags, seed)
    reals = ClipPipeline(flags.train, config.ladder, seed, mirror=True)
    trainer = Trainer(config, tf.distribute.MirroredStrategy(["CPU:0"]))
    gaps = Gaps((config.train.total_kimg - flags.kimg / 4) * 1000)
    begin = time.monotonic()
    train(trainer, reals, [gaps])
    fakes = snapshot_of(trainer)
    if flags.pictures:
        clips = fakes.sample(sample_latents(6, config.latent_size, seed))
        write_clip(flags.pictures / f"{seed}.png", filmstrip(to_uint8(clips)))
    return {
        "settings": flags.settings,
        "seed": seed,
        "score_gap": round(float(np.mean(gaps.values)), 4),
        **_distances(config, flags, fakes),
        "seconds": round(time.monotonic() - begin),
    }


class Gaps(Watcher):
    """Gathers the score gaps of all calls that end after `begin` clips."""

    def __init__(self, begin: float):
        self.begin_nimg, self.values = begin, []

    def after(self, trainer: Trainer, call: Call):
        """Notes a call's gap."""
        if trainer.nimg > self.begin_nimg:
            gaps = [gap for name, gap in call.terms.items() if name.endswith("score_gap")]
            self.values.append(np.mean(gaps))  # The model may have several critics.


def _config(flags, seed):
    kimg, rates = {4: flags.kimg}, {4: 5e-3}
    growth = Growth("thesis", flags.resolution, flags.num_frames, 512, 32)
    base = Config(
        "losses",
        growth,
        Network(latent_size=128),
        Schedule(kimg, kimg, minibatch={4: 8}, generator_rate=rates, critic_rate=rates),
        train=Train(running_average=0.99, seed=seed),
    )
    phases = 2 * len(base.ladder) - 1
    return base.override([f"train.total_kimg={phases * flags.kimg}", *flags.settings])


def _distances(config, flags, fakes):
    """Of Gs, and of the training reals (the floor), to the scoring reals; as many of each."""
    level, shape = config.ladder.top, config.ladder[config.ladder.top].shape
    score, train = (
        ClipPipeline(folder, config.ladder, seed=0, mirror=True)
        for folder in (flags.score, flags.train)
    )
    num = min(len(score), len(train))
    latents = sample_latents(num, config.latent_size, seed=0)
    others = {
        "swd": fakes.sample(latents, minibatch=16),
        "swd_floor": next(iter(train.dataset(level, 0, num))).clips.numpy(),
    }
    reals = PatchBank(shape)
    reals.update(to_uint8(next(iter(score.dataset(level, 0, num))).clips.numpy()))
    distances = {}
    for name, clips in others.items():
        bank = PatchBank(shape)
        bank.update(to_uint8(clips))
        distances[name] = round(sliced_wasserstein(reals, bank)["mean"], 1)
    return distances


if __name__ == "__main__":
    main()
