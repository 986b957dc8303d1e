"""Checks that a model learns one minibatch: its clips come closer to these reals than noise is.

    python dataset_tool.py create_tfrecords --config=vgan_demo --source_format=synthetic \\
        --max_clips=8 --output=DATA
    python benchmarks/overfit.py --data=DATA --config vgan_demo tgan_demo --steps=500

Prints one JSON line per preset: the sliced Wasserstein distance x 1000 to the reals of the
generator's clips, at the start and at the end, and of noise.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parent.parent))

from config import PRESETS, preset
from dataset.pipeline import ClipPipeline
from growth.phase import phase_at
from metrics.sliced_wasserstein import PatchBank, sliced_wasserstein
from sampling.latents import sample_latents
from support.media import filmstrip, to_uint8, write_clip
from training.keeper import snapshot_of
from training.loop import train
from training.trainer import Trainer

CLIPS = 64


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a data set of a few clips")
    parser.add_argument("--config", nargs="+", required=True, help=", ".join(PRESETS))
    parser.add_argument("--steps", type=int, default=500, help="of the critic")
    parser.add_argument("--set", nargs="+", default=[], help="settings, as train.py takes them")
    parser.add_argument("--pictures", type=Path, help="folder for samples")
    flags = parser.parse_args()
    for name in flags.config:
        print(json.dumps(run(flags, name)), flush=True)


def run(flags, name):
    config = preset(name).override(flags.set)
    reals = ClipPipeline(flags.data, config.ladder, 0, mirror=False)
    trainer = Trainer(config, tf.distribute.MirroredStrategy(["CPU:0"]))
    phase = phase_at(0, config.schedule, config.ladder)
    clips = next(iter(reals.dataset(phase.level, 0, phase.minibatch))).clips.numpy()
    noise = np.random.default_rng(0).uniform(-1, 1, (CLIPS, *clips.shape[1:]))
    found = {"noise": distance(clips, noise), "start": distance(clips, sample(trainer, config))}
    begin = time.monotonic()
    train(trainer, reals, until=flags.steps * phase.minibatch)
    fakes = sample(trainer, config)
    found |= {"end": distance(clips, fakes), "seconds": round(time.monotonic() - begin)}
    if flags.pictures:
        flags.pictures.mkdir(parents=True, exist_ok=True)
        write_clip(flags.pictures / f"{name}.png", filmstrip(to_uint8(fakes[:8])))
        write_clip(flags.pictures / "reals.png", filmstrip(to_uint8(clips[:8])))
    return {"config": name, "set": flags.set, "steps": flags.steps} | found


def sample(trainer, config):
    return snapshot_of(trainer).sample(sample_latents(CLIPS, config.latent_size, seed=1))


def distance(reals, fakes):
    banks = [PatchBank(reals.shape[1:4], 0) for _ in range(2)]
    for bank, clips in zip(banks, (reals, fakes), strict=True):
        bank.update(to_uint8(clips))
    return round(sliced_wasserstein(*banks)["mean"], 1)


if __name__ == "__main__":
    main()
