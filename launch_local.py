"""Starts several workers of train.py on this machine; see commands/launch_local.py."""

from commands.script import run_command

if __name__ == "__main__":
    run_command("launch_local")
