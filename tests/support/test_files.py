import errno
import os
import stat
import time

import pytest

from support.errors import UserError
from support.files import (
    check_room,
    clear_abandoned,
    is_vacant,
    lock,
    make_folder,
    new_folder,
    partial_folder,
    read_json_lines,
    sha256,
    write_atomically,
)
from tests.abandoned import abandoned


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


def test_a_file_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with write_atomically(path) as temporary:
        assert temporary.suffix == ".txt"
        assert temporary.parent == path.parent
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert names(path.parent) == ["a.txt"]


def test_an_error_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(RuntimeError), write_atomically(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    for text in ("one", "two"):
        with write_atomically(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "two"


def test_a_file_has_the_usual_rights(tmp_path, umask):
    with write_atomically(tmp_path / "a.txt"):
        pass
    assert mode(tmp_path / "a.txt") == 0o666 & ~umask


def test_a_folder_appears_when_it_is_whole(tmp_path, umask):
    path = tmp_path / "new" / "data"
    with new_folder(path) as temporary:
        (temporary / "below").mkdir()
        (temporary / "below" / "a.txt").write_text("whole")
        assert not path.exists()
    assert (path / "below" / "a.txt").read_text() == "whole"
    assert names(path.parent) == ["data"]
    assert mode(path) == 0o777 & ~umask


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "data") as temporary:
        (temporary / "a.txt").write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_an_empty_folder_may_be_there(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    with new_folder(path) as temporary:
        (temporary / "a.txt").write_text("whole")
    assert names(path) == ["a.txt"]


def test_a_folder_with_contents_is_kept(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    (path / "mine.txt").write_text("mine")
    for taken in (path, path / "mine.txt"):
        with (
            pytest.raises(UserError, match="Cannot create .*: it exists already and is not empty"),
            new_folder(taken),
        ):
            pass
    assert names(tmp_path) == ["data"]
    assert names(path) == ["mine.txt"]


def test_a_lock_is_held_until_it_is_closed(tmp_path):
    with lock(tmp_path / "lock", "taken"), pytest.raises(UserError, match="taken"):
        lock(tmp_path / "lock", "taken")
    lock(tmp_path / "lock", "taken").close()


def test_lines_of_json(tmp_path):
    path = tmp_path / "lines.jsonl"
    assert read_json_lines(path) == []
    path.write_text('{"a": 1}\n[2]\n{"b"')  # Killed while writing.
    assert read_json_lines(path) == [{"a": 1}, [2]]
    path.write_text('{"a"\n[2]\n')
    with pytest.raises(UserError, match="Cannot read .*lines.jsonl, line 1: it is not JSON"):
        read_json_lines(path)


def test_only_what_dead_processes_were_writing_is_cleared(tmp_path):
    dead = abandoned("d")
    with write_atomically(tmp_path / "a") as live, partial_folder(tmp_path / "b") as folder:
        others = [".git", ".partial-a", f".partial-{'0' * 8}-1-abcd1234-elsewhere"]
        for name in (*others, abandoned("c")):
            (tmp_path / name).touch()
        (tmp_path / dead).mkdir()
        (tmp_path / dead / "e").touch()
        os.utime(tmp_path / others[-1], (0, time.time() - 3600))
        clear_abandoned(tmp_path)
        assert names(tmp_path) == sorted([*others, live.name, folder.name])
        os.utime(tmp_path / others[-1], (0, time.time() - 90000))
        clear_abandoned(tmp_path)
        assert names(tmp_path) == sorted([*others[:-1], live.name, folder.name])


def test_a_link_of_that_name_is_cleared_and_not_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/mine").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / abandoned("x")).symlink_to(tmp_path / "there")
    clear_abandoned(tmp_path / "here")
    assert names(tmp_path / "here") == []
    assert names(tmp_path / "there") == ["mine"]


def test_a_folder_is_vacant_or_not(tmp_path):
    assert is_vacant(tmp_path / "missing")
    assert is_vacant(tmp_path)
    (tmp_path / abandoned("x")).touch()
    (tmp_path / "lock").touch()
    assert is_vacant(tmp_path, "lock")
    assert not is_vacant(tmp_path)
    assert not is_vacant(tmp_path / "lock")
    (tmp_path / ".git").mkdir()
    assert not is_vacant(tmp_path, "lock")


def test_hash_of_a_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")  # The example of FIPS 180-4.
    assert sha256(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_room_is_there_or_not(tmp_path):
    check_room(tmp_path, 1000)
    with pytest.raises(OSError, match=str(tmp_path)) as raised:
        check_room(tmp_path, 2**62)
    assert raised.value.errno in (errno.ENOSPC, errno.EFBIG)
    assert names(tmp_path) == []


def test_a_folder_is_made_where_there_can_be_one(tmp_path):
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert names(tmp_path / "a") == ["b"]
    with pytest.raises(UserError, match="Cannot create the folder /proc/self/a"):
        make_folder("/proc/self/a")
