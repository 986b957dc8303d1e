import numpy as np
import pytest

from metrics.c3d import C3D
from metrics.i3d import I3D


@pytest.fixture(scope="session")
def c3d():
    """A small C3D whose every number is another one."""
    return _numbered(C3D(5, width=2))


@pytest.fixture(scope="session")
def i3d():
    return _numbered(I3D(3))


def _numbered(model):
    random = np.random.default_rng(0)
    for variable in model.weights:
        if variable.dtype == "float32":
            variable.assign(random.standard_normal(variable.shape))
    return model
