"""Nothing that an archive holds can be written outside the folder."""

import errno
import io
import tarfile
import zipfile

import pytest
from fakes import make_tar, make_zip

from adsmtl.data.fetch import extract as extracting
from adsmtl.data.fetch.extract import extract
from adsmtl.errors import UserError

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


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
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
    monkeypatch.setattr(extracting, "HARMLESS", 100_000)
    pack = make_zip if suffix == ".zip" else make_tar
    small = {f"zeros{n}": bytes(40_000) for n in range(2)}
    extract(pack(tmp_path / f"small{suffix}", small), tmp_path / "out")
    bomb = pack(tmp_path / f"bomb{suffix}", {f"zeros{n}": bytes(400_000) for n in range(20)})
    with pytest.raises(UserError, match="more than 20 times as large as the archive"):
        extract(bomb, tmp_path / "bomb")
    assert not (tmp_path / "bomb").exists()


def test_symlink_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as pack:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        pack.writestr(info, "/etc")
    with pytest.raises(UserError, match="'link': it is a link or a special file"):
        extract(tmp_path / "x.zip", tmp_path / "out")


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
    with pytest.raises(UserError, match=r"cannot be unpacked .*delete it and fetch it again"):
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
