"""What is trained together: a model per file, registered by name in `MODELS`."""

from config import Config
from models.model import Average, Model, Part, Update
from models.progressive import Progressive
from support.errors import UserError

# What `--set model=NAME` chooses: builds the networks of a config.
MODELS: dict[str, type[Model]] = {"progressive": Progressive}


def model_class(config: Config) -> type[Model]:
    """The class of the config's model; raises `UserError` where there is no such model."""
    if config.model not in MODELS:
        raise UserError(f"`model` should be one of {', '.join(MODELS)}. Received: {config.model}")
    return MODELS[config.model]


__all__ = ["MODELS", "Average", "Model", "Part", "Update", "model_class"]
