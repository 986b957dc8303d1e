"""What a run is, for TensorBoard: its settings and starts as text, and how its charts are laid out.

Settings are hyperparameters too, by which the dashboard HPARAMS compares the distances of runs.
"""

import json
from typing import Any

import tensorflow as tf
from tensorboard.plugins.custom_scalar import layout_pb2, metadata
from tensorboard.plugins.hparams import api as hparams

from config import Config, list_settings
from support.curves import DISTANCES
from training.summaries import THEMES


def write_overview(config: Config, **texts: Any):
    """Writes texts (plain values, as JSON), hyperparameters and layout at the default step."""
    for name, value in texts.items():
        tf.summary.text(f"run/{name}", f"```\n{json.dumps(value, indent=1)}\n```")
    settings = {setting.key: _plain(setting.value) for setting in list_settings(config)}
    hparams.hparams_config(
        hparams=[hparams.HParam(key) for key in settings], metrics=[hparams.Metric(THEMES["swd"])]
    )
    hparams.hparams(settings)
    tf.summary.write(
        metadata.CONFIG_SUMMARY_TAG,
        _layout().SerializeToString(),
        metadata=metadata.create_summary_metadata(),
    )


def _plain(value):
    return value if isinstance(value, bool | int | float | str) else str(value)


def _layout():
    """Each distance in one chart with its floor (dashboard CUSTOM SCALARS)."""
    charts = [
        layout_pb2.Chart(
            title=title,
            multiline=layout_pb2.MultilineChartContent(tag=[f"^{THEMES[key]}$" for key in keys]),
        )
        for title, keys in DISTANCES.items()
    ]
    return layout_pb2.Layout(category=[layout_pb2.Category(title="distance", chart=charts)])
