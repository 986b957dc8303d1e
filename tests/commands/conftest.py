from tests.dataset.conftest import make_shapes, shapes  # noqa: F401 - fixtures
