"""evaluate.py tables: what is chosen, checked and printed; the steps are stood for."""

import functools
import re

import pytest

from commands import tables
from study.drive import drive
from support.errors import UserError
from tests.commands.calls import call
from tests.study.toys import Runner


def dry_run(output, capsys, *flags):
    call("tables", f"--output={output}", "--dry_run", *flags)
    return capsys.readouterr().out


def test_a_dry_run_prints_plan_and_commands(tmp_path, capsys):
    text = dry_run(tmp_path / "study", capsys, "--seeds", "0", "--systems", "tgan", "swgan")
    assert "0 of 14 steps are done" in text
    assert "moving shapes, 5 CPU minutes each: SWGAN, growing" in text
    assert "moving shapes, 60 kimg each: TGAN, singular value clipping" in text
    assert "python train.py --config=" in text
    assert "actions" not in text
    assert not (tmp_path / "study").exists()


def test_budgets_and_data_are_chosen(tmp_path, capsys):
    folder = tmp_path / "weizmann"
    folder.mkdir()
    flags = ["--minutes=2", "--kimg=0", f"--actions={folder}", "--data", "actions"]
    text = dry_run(tmp_path / "study", capsys, *flags)
    assert "human actions, 2 CPU minutes each" in text
    assert "kimg each" not in text
    assert "shapes" not in text
    assert f"--source={folder}" in text
    assert "--val_list=" in text


def make_ucf101(folder):
    (folder / "UCF-101").mkdir(parents=True)
    (folder / "ucfTrainTestlist").mkdir()
    for name in ("trainlist01.txt", "testlist01.txt"):
        (folder / "ucfTrainTestlist" / name).touch()
    return folder


@pytest.fixture
def of_the_paper(tmp_path):
    """The flags of the scale of the paper, with stand-ins for its data and network."""
    ucf101, golf = make_ucf101(tmp_path / "ucf"), tmp_path / "golf"
    golf.mkdir()
    weights = tmp_path / "c3d.weights.h5"
    weights.touch()
    return ["--scale=paper", f"--ucf101={ucf101}", f"--golf={golf}", f"--weights={weights}"]


def test_the_plan_of_the_paper(tmp_path, of_the_paper, capsys):
    text = dry_run(tmp_path / "study", capsys, *of_the_paper)
    assert "UCF-101, length of training as published: MoCoGAN" in text
    assert f"--split={tmp_path}/ucf/ucfTrainTestlist/testlist01.txt" in text
    assert "golf-32x64x64" in text
    assert "aeroplane" not in text
    assert "--num=10000" in text
    days = float(re.search(r"About (\d+)d \d+h of CPU time in all", text)[1])
    assert 100 < days < 100_000


def test_published_scores_are_next_to_ours(tmp_path, of_the_paper, capsys, monkeypatch):
    monkeypatch.setattr(tables, "drive", functools.partial(drive, run=Runner()))
    systems = ["--systems", "tgan", "tgan_clip", "swgan"]
    call("tables", f"--output={tmp_path / 'study'}", *of_the_paper, *systems)
    text = capsys.readouterr().out
    published = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in ours(text)}
    assert published == {
        "real clips": "83.18",
        "real, frozen": "",
        "real, shuffled": "",
        "TGAN, singular value clipping": "11.85",
        "TGAN, weight clipping": "11.77",
        "SWGAN, growing": "14.56",
    }
    assert "112029" in text.partition("Golf")[2]


def ours(text):
    """The rows of the table of UCF-101."""
    first = text.partition("**UCF-101")[2].partition("**Golf")[0]
    return [line for line in first.splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--scale=paper", "--ucf101=."], "--scale=paper needs the --weights of a network"),
        (["--scale=paper", f"--weights={__file__}"], "Give the folder of a data set: --"),
        (["--weights=w"], "--weights should be a file of convert_weights. Received: w"),
        (["--data", "actions"], "--data=actions needs the folder of its videos, --actions"),
        (["--data", "golf"], "--data should be of actions, shapes. Received: golf"),
        (["--minutes=0", "--kimg=0"], "--minutes and --kimg should not both be 0"),
        (["--systems", "dcgan"], "--systems should be one of vgan_one, .* Received: dcgan"),
        (
            ["--scale=paper", f"--weights={__file__}", "--ucf101=."],
            "--ucf101 should hold UCF-101. Received",
        ),
        (["--scale=huge"], "--scale should be one of demo, laptop, paper. Received: huge"),
        (["--minutes=-1"], "--minutes should be at least 0. Received: -1"),
    ],
)
def test_wrong_flags(tmp_path, flags, sentence):
    with pytest.raises(UserError, match=sentence):
        call("tables", f"--output={tmp_path / 'study'}", "--dry_run", *flags)


def test_a_study_is_completed_and_its_tables_printed(tmp_path, capsys, monkeypatch):
    runner = Runner()
    monkeypatch.setattr(tables, "drive", functools.partial(drive, run=runner))
    flags = ["--scale=demo", "--systems", "tgan", "--kimg=0"]
    call("tables", f"--output={tmp_path}", *flags)
    text = capsys.readouterr().out
    assert "| TGAN, singular value clipping | 2.00 |" in text
    assert (tmp_path / "index.html").exists()
    assert len(runner.commands) == 8
    call("tables", f"--output={tmp_path}", *flags)
    assert len(runner.commands) == 8
    assert "8 of 8 steps are done" in capsys.readouterr().out
