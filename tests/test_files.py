"""Files are whole or absent; digests do not depend on the order of keys."""

import errno
import fcntl
import hashlib
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from adsmtl import files
from adsmtl.errors import UserError


def fail_halfway(place: AbstractContextManager[Path], write: Callable[[Path], object]) -> None:
    with place as temporary:
        write(temporary)
        raise RuntimeError


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.txt"
    with files.atomic(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent  # one file system, so that renaming is atomic
    assert path.read_text() == "half"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail_halfway(files.atomic(path), lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").write_text("")
    with pytest.raises(RuntimeError):
        fail_halfway(files.atomic_folder(path), lambda temporary: (temporary / "new").touch())
    assert [p.name for p in path.iterdir()] == ["old"]
    with files.atomic_folder(path) as temporary:
        (temporary / "new").write_text("")
        assert (path / "old").exists()
    assert [p.name for p in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_of_a_folder_goes_and_what_another_writes_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / ".folder-kill3d_1" / "deeper").mkdir(parents=True)
    (tmp_path / ".folder-aaaaaaaa").write_text("a file of somebody else")
    others = {".folder2-kill3d_1", ".folder-more-kill3d_1", ".folder-of somebody else"}
    for other in others:
        (tmp_path / other).mkdir()
    path = tmp_path / "folder"
    with files.atomic_folder(path) as one, files.atomic_folder(path) as second:
        assert one.is_dir()
        assert second.is_dir()
        there = {p.name for p in tmp_path.iterdir()}
        assert there == {".folder-aaaaaaaa", *others, one.name, second.name}
    assert path.is_dir()


@pytest.mark.parametrize("way", [files.atomic, files.atomic_folder])
def test_a_place_that_cannot_be_written_is_named(way: object, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file/x"), way(tmp_path / "file" / "x"):
        pass


def test_a_full_disk_is_told_with_the_path(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"cannot write .*x\.txt: No space left on device"),
        files.atomic(tmp_path / "x.txt"),
        open("/dev/full", "w") as full,
    ):
        full.write("text")


def test_json_comes_back(tmp_path: Path) -> None:
    value = {"ü": [1, 0.1 + 0.2, None, True], "b": {"c": "text"}}
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json") == value
    assert "ü" in (tmp_path / "x.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("value", [math.nan, math.inf, [1, {"a": -math.inf}]])
def test_numbers_that_json_lacks_are_refused(value: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "x.json", value)
    assert not (tmp_path / "x.json").exists()


def test_a_missing_or_broken_json_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.json is missing"):
        files.read_json(tmp_path / "x.json")
    for content in (b'{"a": ', b'{"a": "\xe9"}'):
        (tmp_path / "x.json").write_bytes(content)
        with pytest.raises(UserError, match=r"x\.json is not valid JSON"):
            files.read_json(tmp_path / "x.json")


def test_a_home_that_nobody_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert files.expanded("~/x") == Path("/home/me/x")
    with pytest.raises(UserError, match=r"~nobody-here/x: .*write the whole path"):
        files.expanded("~nobody-here/x")


def test_a_file_system_without_locks_is_done_without_and_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = fcntl.LOCK_EX | fcntl.LOCK_NB
    with (tmp_path / "x").open("w") as one, (tmp_path / "x").open("w") as two:
        files.lock(one, how)
        with pytest.raises(BlockingIOError):
            files.lock(two, how)

        def unknown(handle: object, how: int) -> None:
            raise OSError(errno.ENOSYS, "Function not implemented")

        monkeypatch.setattr(fcntl, "flock", unknown)
        files.lock(two, how)


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc" * 100_000)
    assert files.sha256(tmp_path / "x") == hashlib.sha256(b"abc" * 100_000).hexdigest()
    (tmp_path / "empty").touch()
    assert files.sha256(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_the_digest_of_a_value_counts_content_and_not_order() -> None:
    value = {"a": 1, "b": {"c": [1, 2], "d": "ü"}}
    same = {"b": {"d": "ü", "c": [1, 2]}, "a": 1}
    assert files.digest(value) == files.digest(same)
    others = [{**value, "a": 2}, {**value, "a": "1"}, {**value, "b": {"c": [2, 1], "d": "ü"}}]
    assert len({files.digest(other) for other in [value, *others]}) == 4
    assert files.digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
