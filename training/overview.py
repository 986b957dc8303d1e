"""What a run is, for TensorBoard: its settings, data and starts as text, and the layout of charts.

Settings are hyperparameters too, by which the dashboard HPARAMS compares the distances of runs.
"""

import json
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
from tensorboard.plugins.custom_scalar import layout_pb2, metadata
from tensorboard.plugins.hparams import api as hparams

from config import Config, list_settings
from support.curves import DISTANCES
from training.summaries import BY_PHASE, THEMES


def write_overview(name: str, config: Config, texts: Mapping[str, Any]):
    """Writes texts, hyperparameters and layout at the default step.

    Args:
        name: of the run, by which HPARAMS lists it.
        config: of the run.
        texts: plain values by name, which are shown as JSON; empty ones are left out.
    """
    for key, value in texts.items():
        if value:
            tf.summary.text(f"run/{key}", f"```\n{json.dumps(value, indent=1)}\n```")
    settings = {setting.key: _plain(setting.value) for setting in list_settings(config)}
    hparams.hparams_config(
        hparams=[hparams.HParam(key) for key in settings], metrics=[hparams.Metric(THEMES["swd"])]
    )
    hparams.hparams(settings, trial_id=name)
    tf.summary.write(
        metadata.CONFIG_SUMMARY_TAG,
        _layout().SerializeToString(),
        metadata=metadata.create_summary_metadata(),
    )


def _plain(value):
    return value if isinstance(value, bool | int | float | str) else str(value)


def _layout():
    """Charts that belong together, for the dashboard CUSTOM SCALARS."""
    with_floor = {title: [THEMES[key] for key in keys] for title, keys in DISTANCES.items()}
    categories = {
        "distance": {"distance over its floor, by phase": [f"{BY_PHASE}/.*"], **with_floor},
        "losses": {
            "losses": ["loss/(?!.*_gradient_norm$).*"],
            "norms of gradients": ["loss/.*_gradient_norm"],
            "level of detail": [THEMES["lod"]],  # Where phases begin.
        },
    }
    return layout_pb2.Layout(
        category=[
            layout_pb2.Category(title=title, chart=[_chart(*chart) for chart in charts.items()])
            for title, charts in categories.items()
        ]
    )


def _chart(title, patterns):
    tags = [f"^{pattern}$" for pattern in patterns]
    return layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
