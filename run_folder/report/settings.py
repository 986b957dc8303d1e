"""The settings of a run, and which of them differ from its preset."""

import json

from config import PRESETS, Config, list_settings
from run_folder.report.clips import Clips
from run_folder.report.run import Run


def describe(run: Run, clips: Clips) -> dict:
    """All settings, those that differ from the preset, and the config as a file holds it."""
    make = PRESETS.get(run.config.name)
    preset = values_of(make()) if make else None
    rows = [
        {
            "key": setting.key,
            "value": text_of(setting.value),
            "meaning": setting.text,
            "preset": preset.get(setting.key, "none") if preset else "",
        }
        for setting in list_settings(run.config)
    ]
    return {
        "preset": run.config.name if make else "",
        "changed": [row for row in rows if preset and row["value"] != row["preset"]],
        "rows": rows,
        "json": json.dumps(run.config.as_dict(), indent=1),
    }


def values_of(config: Config) -> dict[str, str]:
    """Each setting of a config as text."""
    return {setting.key: text_of(setting.value) for setting in list_settings(config)}


def text_of(value: object) -> str:
    """The value of a setting, as `--set` takes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
