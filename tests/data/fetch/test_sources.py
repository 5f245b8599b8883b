"""Archives come from the right place, verified, or fail with one message that says what to do."""

import errno
import json
import shutil
import socketserver
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from adsmtl import files
from adsmtl.data.corpora import cifar10, timit
from adsmtl.data.fetch import mirrors, places, sources
from adsmtl.errors import UserError

CLOSED = "http://127.0.0.1:9/timit.zip"  # the discard port: nothing listens
TIMIT = replace(timit.SAMPLE.raw, urls=(CLOSED,))


def leftovers(raw: Path) -> list[str]:
    found = (path for path in raw.rglob("*") if path.is_file() and path.name != sources.LOCK)
    return sorted(path.name for path in found)


def test_folder_mirror_is_copied_verified_and_recorded(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    path = sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    assert path.read_bytes() == (mirror / "timit.zip").read_bytes()
    record = json.loads((path.parent / "source.json").read_text())
    assert record["origin"] == "mirror"
    assert record["sha256"] == files.sha256(path)
    assert record["bytes"] == path.stat().st_size
    assert record["licence"] == "fake licence"
    assert record["provenance"].startswith("Fake provenance.")
    assert "Not bit-identical" in record["provenance"]
    assert str(tmp_path) not in json.dumps(record)


def test_present_archive_needs_no_mirror_any_more(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    path = sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    shutil.rmtree(mirror)
    origin = sources.locate(TIMIT, tmp_path / "raw/timit-sample").origin
    assert origin is not None
    assert origin.kind == "present"
    assert sources.fetch(TIMIT, tmp_path / "raw/timit-sample") == path
    assert json.loads((path.parent / "source.json").read_text())["origin"] == "mirror"


def test_http_mirror(mirror, tmp_path, monkeypatch, serve):
    monkeypatch.setenv(mirrors.MIRROR, serve(mirror) + "/")
    path = sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    assert path.read_bytes() == (mirror / "timit.zip").read_bytes()


def test_upstream_is_verified_by_the_published_digest(mirror, tmp_path, monkeypatch, serve):
    url = f"{serve(mirror)}/timit.zip"
    good = f"sha256:{files.sha256(mirror / 'timit.zip')}"
    offered = replace(TIMIT, urls=(url,), digest=good, bytes=10)
    path = sources.fetch(offered, tmp_path / "raw/timit-sample")
    assert json.loads((path.parent / "source.json").read_text())["origin"] == "upstream"
    changed = replace(offered, digest="md5:" + "0" * 32)
    with pytest.raises(UserError, match=r"expected md5 0{32}, found .*file upstream has changed"):
        sources.fetch(changed, tmp_path / "elsewhere")
    assert leftovers(tmp_path / "elsewhere") == []


def test_name_on_the_mirror_may_differ_from_upstream(tmp_path, monkeypatch):
    content = b"an archive"
    (tmp_path / "cifar-10-binary.tar.xz").write_bytes(content)
    entry = {"sha256": files.sha256(tmp_path / "cifar-10-binary.tar.xz"), "provenance": "p"}
    manifest = {"files": {"cifar-10-binary.tar.xz": entry}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setenv(mirrors.MIRROR, str(tmp_path))
    # without `bytes` in the manifest the size of the upstream archive is asked for
    assert sources.fetch(cifar10.CIFAR10.raw, tmp_path / "raw").name == "cifar-10-binary.tar.xz"


def test_nothing_available_says_why_for_each_origin_and_quickly(tmp_path):
    start = time.perf_counter()
    place = sources.locate(TIMIT, tmp_path / "timit-sample")
    assert place.origin is None
    disk, mirror, upstream = place.refused
    assert str(tmp_path) in disk
    assert "ADSMTL_MIRROR is not set" in mirror
    assert CLOSED in upstream
    assert "refused" in upstream
    with pytest.raises(UserError, match=r"(?s)timit-sample cannot be had:.*ADSMTL_MIRROR"):
        sources.fetch(TIMIT, tmp_path / "timit-sample")
    assert time.perf_counter() - start < 2 * places.PROBE_SECONDS


def test_probe_gives_up_on_a_server_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(places, "PROBE_SECONDS", 0.3)
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent:
        start = time.perf_counter()
        reason = places.problem(f"http://127.0.0.1:{silent.server_address[1]}/x")
        assert reason is not None
        assert time.perf_counter() - start < 2


def test_unreachable_mirror_is_refused_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(tmp_path / "nowhere"))
    refused = sources.locate(TIMIT, tmp_path / "timit-sample").refused
    assert "nowhere/manifest.json: No such file" in refused[1]


def test_mirror_file_without_manifest_entry_names_the_manifest(mirror, tmp_path, monkeypatch):
    (mirror / "manifest.json").write_text('{"files": {}}')
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    with pytest.raises(UserError, match=r"timit\.zip has no entry in .*manifest\.json"):
        sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    (mirror / "manifest.json").unlink()
    with pytest.raises(UserError, match=r"timit\.zip has no entry in .*manifest\.json"):
        sources.locate(TIMIT, tmp_path / "raw/timit-sample")


def test_corrupt_mirror_file(mirror, tmp_path, monkeypatch):
    expected = files.sha256(mirror / "timit.zip")
    (mirror / "timit.zip").write_bytes(b"garbage")
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    with pytest.raises(UserError) as caught:
        sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    for part in ("mirror/timit.zip", expected, files.sha256(mirror / "timit.zip"), "7 bytes"):
        assert part in str(caught.value)
    assert leftovers(tmp_path / "raw") == []


def test_changed_archive_on_disk(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    path = sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"timit\.zip is damaged: expected .* delete"):
        sources.fetch(TIMIT, tmp_path / "raw/timit-sample")


def test_archive_put_there_by_hand_must_be_the_upstream_one(tmp_path):
    folder = tmp_path / "timit-sample"
    folder.mkdir()
    (folder / "timit.zip").write_bytes(b"another zip")
    with pytest.raises(UserError, match="expected sha256 ff314d02"):
        sources.locate(TIMIT, folder)


def test_too_little_space_is_said_before_copying(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 5))
    with pytest.raises(UserError, match=r"no space in .*raw/timit-sample: timit\.zip needs"):
        sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    assert leftovers(tmp_path / "raw") == []


def test_disk_that_fills_up_while_copying(mirror, tmp_path, monkeypatch):
    def full(_source, target):
        Path(target).write_bytes(b"a part")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(UserError, match=r"timit\.zip: No space left on device"):
        sources.fetch(TIMIT, tmp_path / "raw/timit-sample")
    assert leftovers(tmp_path / "raw") == []
