import pytest

from commands.parser import Parser, one_of, real, whole
from support.errors import UserError


def parser():
    made = Parser(description="Toy.")
    flag = made.add_argument
    flag("--num", type=whole(1), default=16, help="clips")
    flag("--share", type=real(0, 1), help="a share, in %")
    flag("--config", type=one_of(["demo", "faces"]), default="faces", help="preset")
    flag("--set", nargs="+", action="extend", default=[], help="settings")
    return made


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--num=0"], "--num should be at least 1. Received: 0"),
        (["--num=a"], "--num should be a whole number. Received: a"),
        (["--num=1.5"], "--num should be a whole number. Received: 1.5"),
        (["--share=2"], "--share should be 0 to 1. Received: 2"),
        (["--share=nan"], "--share should be a number. Received: nan"),
        (["--share=inf"], "--share should be a number. Received: inf"),
        (["--config=dem"], "--config should be one of demo, faces. Received: dem"),
        (["--nun=3"], "Unexpected argument '--nun=3'. Did you mean --num?"),
        (["--nu=3"], "Unexpected argument '--nu=3'."),  # No abbreviations.
        (["demo"], "Unexpected argument 'demo'. Did you mean --config=demo? Settings are given"),
        (["--num"], "--num expected one argument"),
    ],
)
def test_mistakes_are_one_sentence(argv, sentence):
    with pytest.raises(UserError) as raised:
        parser().parse_args(argv)
    assert str(raised.value).startswith(sentence)


def test_settings_may_follow_one_another():
    args = parser().parse_args(["--set=a.b=1", "c.d=2", "--num=3", "e=4", "--set", "f=5", "g=6"])
    assert sorted(args.set) == ["a.b=1", "c.d=2", "e=4", "f=5", "g=6"]
    assert args.num == 3


def test_help_shows_defaults_and_bounds():
    text = " ".join(parser().format_help().split())
    assert "clips (at least 1; default: 16)" in text
    assert "a share, in % (0 to 1)" in text
    assert "preset (one of demo, faces; default: faces)" in text
