"""Runs scripts: imports commands, parses flags, and turns mistakes into a sentence.

A command is a module of this folder with `flags(parser)` and `run(args)`. It has the name of the
module, unless it sets `NAME`. The first line of its docstring is its help. One that sets
`LIGHT = True` runs without TensorFlow, or imports it when it needs it.
"""

import argparse
import importlib
from types import ModuleType

from commands.parser import Parser, name_flags
from support.errors import UserError
from support.interrupt import exit_at_once
from support.script import run_script
from support.startup import import_tensorflow


def run_command(name: str):
    """Runs a script that is one command, and exits."""
    run_script(lambda argv: call(_load(name), argv[1:]))


def run_commands(description: str, names: list[str]):
    """Runs a script that has the commands `names`, with a description of it, and exits."""
    run_script(lambda argv: _choose(description, map(_load, names), argv[1:]))


def call(command: ModuleType, argv: list[str]) -> int | None:
    """Runs a command with these flags, and returns its exit status; raises `UserError`."""
    parser = Parser(description=command.__doc__)
    command.flags(parser)
    return _run(command, parser.parse_args(argv))


def _load(name):
    with exit_at_once():
        return importlib.import_module(f"commands.{name}")


def _choose(description, commands, argv):
    parser = Parser(description=description)
    choices = parser.add_subparsers(required=True, metavar="command")
    for command in commands:
        summary = command.__doc__.partition("\n")[0]
        name = getattr(command, "NAME", command.__name__.rpartition(".")[2])
        below = choices.add_parser(name, help=summary, description=command.__doc__)
        below.set_defaults(command=command, parser=below)
        command.flags(below)
    args = parser.parse_args(argv)
    command = args.command
    del args.command, args.parser
    return _run(command, args)


def _run(command, args: argparse.Namespace):
    if not getattr(command, "LIGHT", False):
        import_tensorflow()
    try:
        return command.run(args)
    except UserError as error:
        raise UserError(name_flags(str(error), vars(args))) from error
