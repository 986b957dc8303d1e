"""Runs scripts: parses flags, imports what a command needs, and turns mistakes into a sentence."""

from types import ModuleType

from commands.parser import Parser
from support.script import run_script
from support.startup import import_tensorflow


def run_command(command: ModuleType):
    """Runs a script that is one command, and exits."""
    run_script(lambda argv: _run_command(command, argv[1:]))


def run_commands(description: str, commands: list[ModuleType]):
    """Runs a script with several sub-commands, and exits.

    Args:
        description: of the script.
        commands: modules with `flags(parser)` and `run(args)`. The name of a module is that of
            its command, and the first line of its docstring is the help. One that sets
            `LIGHT = True` runs without TensorFlow.
    """
    run_script(lambda argv: _run_commands(description, commands, argv[1:]))


def _run_command(command, argv):
    parser = Parser(description=command.__doc__)
    command.flags(parser)
    return _run(command, parser.parse_args(argv))


def _run_commands(description, commands, argv):
    parser = Parser(description=description)
    choices = parser.add_subparsers(required=True, metavar="command")
    for command in commands:
        summary = command.__doc__.partition("\n")[0]
        name = command.__name__.rpartition(".")[2]
        below = choices.add_parser(name, help=summary, description=command.__doc__)
        below.set_defaults(command=command, parser=below)
        command.flags(below)
    args = parser.parse_args(argv)
    return _run(args.command, args)


def _run(command, args):
    if not getattr(command, "LIGHT", False):
        import_tensorflow()
    return command.run(args)
