"""Nothing that an archive holds can be written outside the folder."""

import errno
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest
from fakes import make_tar, make_zip

from adsmtl.data.fetch import members
from adsmtl.data.fetch.extract import Refused, extract
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("hostile archives")
ESCAPES = ["../evil", "good/../../evil", "/evil", "..\\evil", "C:\\evil"]


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz", ".zip"])
def test_plain_files_come_out_as_they_went_in(tmp_path, suffix):
    members = {"a/b/one.txt": b"1" * 5000, "two.txt": b""}
    pack = make_zip if suffix == ".zip" else make_tar
    extract(pack(tmp_path / f"x{suffix}", members), tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == members


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
def test_paths_that_leave_the_folder(tmp_path, suffix, name):
    pack = make_zip if suffix == ".zip" else make_tar
    archive = pack(tmp_path / f"x{suffix}", {"fine": b"", name: b"evil"})
    with pytest.raises(UserError, match="refused to unpack") as caught:
        extract(archive, tmp_path / "deep" / "out")
    assert str(archive) in str(caught.value)
    assert list((tmp_path / "deep").iterdir()) == []
    assert not list(tmp_path.rglob("*evil"))


@pytest.mark.parametrize(
    "kind",
    [
        *(tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE),
        *(tarfile.CHRTYPE, tarfile.BLKTYPE),
    ],
)
def test_links_and_special_files_in_a_tar(tmp_path, kind):
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as pack:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = kind, "../../outside"
        pack.addfile(link)
        inner = tarfile.TarInfo("link/evil")
        inner.size = 4
        pack.addfile(inner, io.BytesIO(b"evil"))
    with pytest.raises(UserError, match="a link or a special file"):
        extract(tmp_path / "x.tar.gz", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".tar.xz", ".zip"])
def test_a_small_archive_of_much_is_refused_before_it_fills_the_disk(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(members, "HARMLESS", 100_000)
    pack = make_zip if suffix == ".zip" else make_tar
    small = {f"zeros{n}": bytes(40_000) for n in range(2)}
    extract(pack(tmp_path / f"small{suffix}", small), tmp_path / "out")
    bomb = pack(tmp_path / f"bomb{suffix}", {f"zeros{n}": bytes(400_000) for n in range(20)})
    with pytest.raises(UserError, match="more than 20 times as large as the archive"):
        extract(bomb, tmp_path / "bomb")
    assert not (tmp_path / "bomb").exists()


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060660, 0o010644, 0o140755, 0o040755])
def test_links_and_special_files_in_a_zip(tmp_path, mode):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as pack:
        info = zipfile.ZipInfo("link")
        info.external_attr = mode << 16
        pack.writestr(info, "/etc")
    with pytest.raises(UserError, match="'link': it is a link or a special file"):
        extract(tmp_path / "x.zip", tmp_path / "out")


#: Name -> members of an archive, and what is said of it.
NAMES = {
    "twice": ([("a", b"1"), ("a", b"2")], "'a': it is in the archive twice"),
    "twice, spelt in two ways": ([("a/b", b"1"), ("a/./b", b"2")], "in the archive twice"),
    "file, then folder": ([("a", b"1"), ("a/b", b"2")], "'a/b': one name is both"),
    "folder, then file": ([("a/b", b"1"), ("a", b"2")], "'a': one name is both"),
    "folder by itself, then file": ([("a/", b""), ("a", b"2")], "'a': one name is both"),
    "file far above": ([("a", b"1"), ("a/b/c/d", b"2")], "'a/b/c/d': one name is both"),
    "too long": ([("n" * 256, b"1")], "nnn…': its name is too long"),
    "too long in bytes": ([("ü" * 128, b"1")], "üüü…': its name is too long"),
    "too deep": ([("d/" * 1100 + "x", b"1")], "d/…': its name is too long"),
    "line feed": ([("a\nb", b"1")], r"'a\\nb': its name has control characters"),
    "escape": ([("a\x1b[2Jb", b"1")], "its name has control characters"),
    "only folders": ([("a/", b""), ("b/", b"")], "it holds no file"),
    "nothing": ([], "it holds no file|cannot be unpacked"),
}


@pytest.mark.parametrize("suffix", [".tar.gz", ".zip"])
@pytest.mark.parametrize("case", NAMES)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_cannot_be_files(tmp_path, case, suffix):
    listed, message = NAMES[case]
    archive = _pack(tmp_path / f"x{suffix}", listed)
    with pytest.raises(Refused, match=message):
        extract(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [archive.name]


def _pack(path, listed):
    """An archive with these members in this order; a name that ends in / is a folder."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as pack:
            for name, content in listed:
                pack.writestr(name, content)
        return path
    with tarfile.open(path, "w:gz") as pack:
        for name, content in listed:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            pack.addfile(info, io.BytesIO(content))
    return path


def test_a_name_with_a_nul_does_not_end_there(tmp_path):
    _pack(tmp_path / "x.zip", [("evilXtxt", b"1")])
    content = (tmp_path / "x.zip").read_bytes().replace(b"evilXtxt", b"evil\0txt")
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(Refused, match="its name has control characters"):
        extract(tmp_path / "x.zip", tmp_path / "out")


#: Name -> makes a bomb at a path: some kilobytes that would be far more.
BOMBS = {
    "many large files": lambda path: _pack(path, [(f"z{n}", bytes(400_000)) for n in range(20)]),
    "one large file": lambda path: _pack(path, [("z", bytes(3_000_000))]),
    "a name of megabytes": lambda path: _long_header(path, 40_000_000),
    "more behind the end": lambda path: _tail(path, 8_000_000),
    "a sparse file": lambda path: _sparse(path, 1 << 40),
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs(tmp_path, monkeypatch, case):
    monkeypatch.setattr(members, "HARMLESS", 1_000_000)
    path = tmp_path / "x.tar.gz"
    BOMBS[case](path)
    assert path.stat().st_size < 60_000
    tracemalloc.start()
    with pytest.raises(Refused, match=r"times|longer than any name|special file"):
        extract(path, tmp_path / "out")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert [left.name for left in tmp_path.iterdir()] == ["x.tar.gz"]


def test_a_bomb_of_empty_files(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "MEMBERS", 100)
    archive = _pack(tmp_path / "x.zip", [(f"f{n}", b"") for n in range(101)])
    with pytest.raises(Refused, match="'f100': there are more than 100 members"):
        extract(archive, tmp_path / "out")


def test_a_zip_that_understates_a_size_is_damaged(tmp_path):
    _pack(tmp_path / "x.zip", [("z", bytes(70_000))])
    content = (tmp_path / "x.zip").read_bytes()
    content = content.replace((70_000).to_bytes(4, "little"), (7).to_bytes(4, "little"))
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(Refused, match="cannot be unpacked"):
        extract(tmp_path / "x.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _long_header(path, size):
    """A tar whose first header announces a name of `size` bytes."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, size
    with gzip.open(path, "wb") as stream:
        stream.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size // 1_000_000):
            stream.write(bytes(1_000_000))


def _tail(path, size):
    """A proper tar, and zeros after its end marker."""
    with gzip.open(path, "wb") as stream:
        with tarfile.open(fileobj=stream, mode="w") as pack:
            pack.addfile(tarfile.TarInfo("small"))
        for _ in range(size // 1_000_000):
            stream.write(bytes(1_000_000))


def _sparse(path, size):
    """A tar with a file of holes."""
    info = tarfile.TarInfo("holes")
    info.pax_headers = {"GNU.sparse.size": str(size), "GNU.sparse.map": "0,0"}
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as pack:
        pack.addfile(info)


#: What some places give in place of an archive.
NO_ARCHIVES = {
    "empty": b"",
    "a page": b"<!DOCTYPE html><title>Log in</title>",
    "zeros": bytes(5_000),
    "gzip of text": gzip.compress(b"words " * 500),
    "gzip of nothing": gzip.compress(b""),
    "xz of text": lzma.compress(b"words " * 500),
    "end of a zip": zlib.compress(b"words") + b"PK\x05\x06" + bytes(18),
    "magic of gzip alone": b"\x1f\x8b",
    "magic of xz alone": b"\xfd7zXZ\x00",
    "rar": b"Rar!\x1a\x07\x00" + bytes(600),
}


@pytest.mark.parametrize("case", NO_ARCHIVES)
def test_what_is_no_archive(tmp_path, case):
    (tmp_path / "x.tar.gz").write_bytes(NO_ARCHIVES[case])
    with pytest.raises(Refused, match=r"x\.tar\.gz: (cannot be unpacked|it holds no file)"):
        extract(tmp_path / "x.tar.gz", tmp_path / "out")
    assert [left.name for left in tmp_path.iterdir()] == ["x.tar.gz"]


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz", ".zip"])
@pytest.mark.parametrize("damage", ["cut", "flip", "text"])
def test_damaged_archives(tmp_path, suffix, damage):
    noise = bytes((n * n * 7 + n // 3) % 256 for n in range(60_000))
    pack = make_zip if suffix == ".zip" else make_tar
    archive = pack(tmp_path / f"x{suffix}", {"data": noise})
    content = bytearray(archive.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[len(content) // 2] ^= 0xFF
    else:
        content = bytearray(b"<html>not found</html>")
    archive.write_bytes(bytes(content))
    with pytest.raises(UserError, match=r"cannot be unpacked .*get it from another source"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_disk_that_fills_up(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = make_tar(tmp_path / "x.tar.gz", {"data": b"1"})
    monkeypatch.setattr(tarfile.TarFile, "makefile", full)
    with pytest.raises(UserError, match=r"out: No space left on device; free space"):
        extract(archive, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["x.tar.gz"]
