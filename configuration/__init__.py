"""What a run depends on, as frozen dataclasses: sections, the config, and typed overrides."""
