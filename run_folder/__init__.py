"""A run on disk: its folder, checkpoints, history and status; knows no trainer."""
