"""Holding videos out: by name and seed alone, and whole videos."""

import pytest

from dataset.held_out import held_out_by_chance, held_out_by_list
from dataset.readers.source import Source
from support.errors import UserError

SOURCES = [Source(f"a/{i}.avi", lambda: iter(())) for i in range(1000)]


def test_about_the_fraction_is_held_out():
    for fraction in (0.1, 0.5, 0.9):
        assert abs(len(held_out_by_chance(SOURCES, fraction, 0)) - 1000 * fraction) < 50


def test_a_video_is_held_out_by_its_name_and_the_seed_alone():
    all_of_them = held_out_by_chance(SOURCES, 0.2, seed=3)
    some = [source for source in SOURCES[::-2] if source.name != "a/5.avi"]
    assert held_out_by_chance(some, 0.2, 3) == all_of_them & {source.name for source in some}
    assert held_out_by_chance(SOURCES, 0.2, 4) != all_of_them
    assert held_out_by_chance(SOURCES, 0.3, 3) > all_of_them


def test_the_choice_is_the_same_in_every_version():
    chosen = held_out_by_chance(SOURCES[:20], 0.2, seed=0)
    assert sorted(chosen) == ["a/1.avi", "a/14.avi", "a/16.avi"]


def test_sources_of_a_video_go_together():
    sources = [Source(f"{v}.avi#{i}", None, video=f"{v}.avi") for v in range(50) for i in range(3)]
    chosen = held_out_by_chance(sources, 0.3, 0)
    assert 0 < len(chosen) < 50
    assert chosen <= {source.video for source in sources}


@pytest.mark.parametrize("fraction", [0, 1, 0.0001, -1])
def test_none_or_all_is_refused(fraction):
    with pytest.raises(UserError, match="`val_fraction` should hold out some videos but not all"):
        held_out_by_chance(SOURCES, fraction, 0)


def test_a_list_names_them(tmp_path):
    path = tmp_path / "val.txt"
    path.write_text("a/5.avi\n\n  a/17.avi \r\n")
    assert held_out_by_list(SOURCES, path) == {"a/5.avi", "a/17.avi"}
    path.write_text("a/5.avi\nb.avi\n")
    with pytest.raises(UserError, match="should name videos .* Received: .*val.txt with b.avi"):
        held_out_by_list(SOURCES, path)
    path.write_text("")
    with pytest.raises(UserError, match="with none"):
        held_out_by_list(SOURCES, path)
    with pytest.raises(UserError, match="Cannot read .*absent: No such file"):
        held_out_by_list(SOURCES, tmp_path / "absent")
