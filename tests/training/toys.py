"""A config that trains in seconds, and reals without a folder."""

import json

import tensorflow as tf

import config
from dataset.batch import Batch
from training.trainer import Trainer


def tiny_config(*settings):
    """Three rungs (a step in space alone, then in both), few maps, phases of 32 clips."""
    base = config.demo().override(
        [
            "growth.ladder=4x4x4 4x8x8 8x16x16",
            "growth.resolution=16",
            "growth.feature_maps_max=4",
            "network.latent_size=8",
            "network.stddev_group=2",
            "schedule.minibatch=4",
            "schedule.lod_training_kimg=0.032",
            "schedule.lod_transition_kimg=0.032",
            "schedule.decay_kimg=0",
            "train.total_kimg=0.2",
            "train.tick_kimg=0.016",
            "train.distance_clips=8",
            "train.checkpoint_minutes=1000",
        ]
    )
    return base.override(settings)


def write_config(run, config):
    """What makes a folder a run's."""
    description = {"config": config.as_dict(), "data": {}, "versions": {}}
    (run / "config.json").write_text(json.dumps(description))


def tick(nimg):
    """A line of a history, without losses."""
    return {"nimg": nimg, "kimg": nimg / 1000, "rung": "4x4x4", "fading": False}


class Reals:
    """Stands for a `ClipPipeline`: noise that depends on the position alone."""

    def __init__(self, ladder):
        self.ladder = ladder

    def __len__(self):
        return 64

    def dataset(self, level, nimg, minibatch, replicas=1, first_replica=0, local_replicas=None):
        share, local = minibatch // replicas, local_replicas or replicas
        shape = (*self.ladder[level].shape, 3)

        def batch(element):
            begin = nimg + element // local * minibatch + (first_replica + element % local) * share
            positions = begin + tf.range(share, dtype=tf.int64)
            clips = tf.map_fn(
                lambda position: self.clip(shape, position),
                positions,
                fn_output_signature=tf.float32,
            )
            return Batch(tf.ensure_shape(clips, [share, *shape]), tf.fill([share], -1))

        return tf.data.Dataset.counter().map(batch)

    def clip(self, shape, position):
        """The clip at `position` of the stream, [*shape] in [-1, 1]."""
        return tf.random.stateless_uniform(shape, tf.stack([7, position]), -1, 1)


def trainer_for(config, replicas=1):
    devices = [f"CPU:{i}" for i in range(replicas)]
    # The default, collectives, are for one number of devices in the life of a process.
    reduction = tf.distribute.ReductionToOneDevice()
    return Trainer(config, tf.distribute.MirroredStrategy(devices, reduction))


def all_weights(trainer):
    """Every number that training leaves behind."""
    parts = [*trainer.model.networks.values(), *trainer.optimizers.values()]
    return [v.numpy() for part in parts for v in part.variables]
