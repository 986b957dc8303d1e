"""A run on disk: its folder, checkpoints, history and status; does not depend on the trainer."""
