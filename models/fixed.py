"""What models share whose networks make and judge clips of one size."""

from typing import cast

import keras
import tensorflow as tf

from config import Config
from dataset.batch import Batch
from models.model import Average, Model, Part, Row
from models.settings import FixedSettings


class FixedModel(Model):
    """A generator `G`, critics, and `Gs`, the running average of `G`, where it is asked for.

    Generator and critics are always called with the statistics of the minibatch, as the published
    codes do. They pass the same fakes through both updates; here each update draws its own.
    """

    def __init__(self, config: Config):
        super().__init__(config)
        self.networks = {"G": self.generator(config, "G"), **self.critics(config)}
        self.sampled = "G"
        if cast(FixedSettings, config.model).average:
            self.sampled = "Gs"
            self.networks["Gs"] = self.generator(config, "Gs")
            self.networks["Gs"].set_weights(self.networks["G"].get_weights())

    @classmethod
    def critics(cls, config: Config) -> dict[str, keras.Model]:
        """The critics by name, with new weights."""
        raise NotImplementedError

    def averages(self) -> tuple[Average, ...]:
        """The last part of `steps`."""
        return (Average("Gs", of="G"),) if "Gs" in self.networks else ()

    def fakes(self, part: Part) -> Batch:
        """As many clips as `part` has reals."""
        inputs = self.draw(part.noise, part.reals)
        clips = self.networks["G"](inputs, lod=part.lod, training=True)
        return Batch(clips, part.reals.labels)

    def tables(self) -> dict[str, list[Row]]:
        """The layers of each network that is trained."""
        return {name: net.table() for name, net in self.networks.items() if name != "Gs"}


def mean_output(outputs: tf.Tensor) -> tf.Tensor:
    """A critic's outputs [N, ...] to one value per clip, [N]: their mean over places."""
    return tf.reduce_mean(outputs, list(range(1, outputs.shape.rank)))
