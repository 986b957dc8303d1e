import json

import pytest

from config import demo
from growth.phase import list_phases
from networks.generator import Generator
from sampling.snapshot import save_snapshot
from tests.dataset.conftest import make_shapes, shapes  # noqa: F401 - fixtures
from tests.support.test_plots import made_up_history
from tests.training.toys import write_config


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of three rungs with a snapshot within each phase, untrained."""
    run = tmp_path_factory.mktemp("run")
    config = demo().override(["growth.resolution=16", "growth.feature_maps_max=4"])
    write_config(run, config)
    generator = Generator(config.ladder, config.network)
    for phase in list_phases(config.schedule, config.ladder):
        save_snapshot(run, generator, phase.begin + 8)
    lines = [json.dumps(line) + "\n" for line in made_up_history()]
    (run / "history.jsonl").write_text("".join(lines))
    return run
