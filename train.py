"""Trains a generator; see commands/train.py."""

from commands.script import run_command

if __name__ == "__main__":
    run_command("train")
