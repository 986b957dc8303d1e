"""Flags of commands that Apache Beam can carry out."""

import argparse

from commands.parser import Parser
from dataset.beam import Beam
from support.errors import UserError


def add_flags(parser: Parser):
    """Adds --runner and --beam_options."""
    parser.add_argument(
        "--runner",
        help="runner of Apache Beam that does the work, such as DirectRunner or FlinkRunner "
        "(default: threads of this process)",
    )
    parser.add_argument(
        "--beam_options",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="options of the runner, such as direct_num_workers=2",
    )


def beam_of(args: argparse.Namespace) -> Beam | None:
    """The runner that the flags state; None without one.

    Raises:
        UserError: options without a runner, or Apache Beam is not installed.
    """
    if args.runner:
        return Beam(args.runner, tuple(args.beam_options))
    if args.beam_options:
        raise UserError("--beam_options should be given with --runner. Received: no runner")
    return None
