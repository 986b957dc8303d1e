"""The flags of commands that Apache Beam can carry out."""

import importlib.util

import pytest

from commands import create_faces, on_beam
from commands.parser import Parser
from commands.script import call
from support.errors import UserError


@pytest.fixture
def parse(monkeypatch):
    """Parses flags as if Apache Beam were installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    parser = Parser()
    on_beam.add_flags(parser)
    return parser.parse_args


def test_options_of_the_runner(parse):
    beam = on_beam.beam_of(
        parse(["--runner=DirectRunner", "--beam_options", "a=1", "b", "--beam_options", "c=2"])
    )
    assert (beam.runner, beam.options) == ("DirectRunner", ("a=1", "b", "c=2"))


def test_without_a_runner(parse):
    assert on_beam.beam_of(parse([])) is None
    with pytest.raises(UserError, match="--beam_options should be given with --runner"):
        on_beam.beam_of(parse(["--beam_options", "direct_num_workers=2"]))


def test_without_beam_the_flag_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="^Cannot use --runner: Apache Beam is not installed"):
        call(create_faces, ["--runner=DirectRunner"])
