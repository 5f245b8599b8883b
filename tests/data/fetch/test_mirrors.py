"""A mirror that is faulty, slow or hostile is named with what is wrong; it is not believed."""

import json
import os
import re
import shutil
import time
from dataclasses import replace
from functools import partial

import hostile
import pytest
from fakes import make_zip
from hostile import good, hangs, serving, slowly, status

from adsmtl import files
from adsmtl.data import registry
from adsmtl.data.corpora import timit
from adsmtl.data.fetch import mirrors, places, records, sources
from adsmtl.data.fetch.download import Patience
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("hostile mirrors")
CLOSED = "http://127.0.0.1:9/timit.zip"  # the discard port: nothing listens
TIMIT = replace(timit.SAMPLE.raw, urls=(CLOSED,))
QUICK = Patience(connect=1, read=0.4, retries=2, pause=0.01, longest=0.05)


@pytest.fixture(autouse=True)
def little_time(monkeypatch):
    monkeypatch.setattr(places, "PROBE_SECONDS", 1.0)
    monkeypatch.setattr(places, "READ_SECONDS", 2.0)


def rewrite(mirror, **entry):
    """Change the entry of the archive in a manifest; None deletes a key."""
    manifest = json.loads((mirror / "manifest.json").read_text())
    known = manifest["files"]["timit.zip"] | entry
    manifest["files"]["timit.zip"] = {k: v for k, v in known.items() if v is not None}
    (mirror / "manifest.json").write_text(json.dumps(manifest))


def content(text):
    return lambda mirror: (mirror / "manifest.json").write_bytes(text)


def replaced_by_a_folder(name):
    def change(mirror):
        (mirror / name).unlink()
        (mirror / name).mkdir()

    return change


#: Name -> what is done to a good mirror, and what the message says then.
FAULTY = {
    "empty manifest": (content(b""), "manifest.json is no mirror manifest"),
    "manifest cut off": (content(b'{"files": {"timit.zip": {"sha'), "is no mirror manifest"),
    "a page for a manifest": (content(b"<html>Log in</html>"), "is no mirror manifest"),
    "no UTF-8": (content(b'{"files": "\xff\xfe\xfa"}'), "is no mirror manifest"),
    "no object": (content(b"[]"), "`files` must map names"),
    "no files": (content(b'{"version": 1}'), "`files` must map names"),
    "files is a list": (content(b'{"files": ["timit.zip"]}'), "`files` must map names"),
    "files is text": (content(b'{"files": "timit.zip"}'), "`files` must map names"),
    "deeply nested": (content(b'{"files":' * 100_000), "is no mirror manifest"),
    "entry is text": (
        content(b'{"files": {"timit.zip": "ff31"}}'),
        'entry of timit.zip: "ff31": write keys and values; repair the manifest',
    ),
    "no digest": (partial(rewrite, sha256=None), "the key 'sha256' is missing"),
    "digest too short": (partial(rewrite, sha256="ff31"), 'sha256 is "ff31"'),
    "digest is a number": (partial(rewrite, sha256=7), "sha256 is 7"),
    "no provenance": (partial(rewrite, provenance=None), "the key 'provenance' is missing"),
    "size below zero": (partial(rewrite, bytes=-1), "bytes is -1"),
    "size is text": (partial(rewrite, bytes="many"), 'bytes is "many"'),
    "size without end": (partial(rewrite, bytes=float("inf")), "bytes is Infinity"),
    "listed but missing": (
        lambda mirror: (mirror / "timit.zip").unlink(),
        "mirror: {mirror}/timit.zip: (No such file or directory|HTTP status 404)",
    ),
    "archive is a folder": (
        replaced_by_a_folder("timit.zip"),
        "mirror: {mirror}/timit.zip: (Is a directory|is damaged|HTTP status)",
    ),
    "another file": (
        lambda mirror: (mirror / "timit.zip").write_bytes(b"other"),
        r"timit.zip: is damaged: expected sha256 .* \(5 bytes\); repair the mirror",
    ),
    "a digest of another": (partial(rewrite, sha256="0" * 64), "expected sha256 0{{64}}, found"),
    "far larger than stated": (
        lambda mirror: (mirror / "timit.zip").write_bytes(bytes(2_000_000)),
        "so it is another file|is damaged",
    ),
    "not listed": (content(b'{"files": {}}'), "timit.zip has no entry in .*cannot be verified"),
    "lists other things": (
        lambda mirror: (content(b'{"files": {"b": 1}}')(mirror), (mirror / "timit.zip").unlink()),
        "manifest.json lists none of timit.zip",
    ),
    "no manifest": (
        lambda mirror: (mirror / "manifest.json").unlink(),
        "timit.zip has no entry in .*cannot be verified",
    ),
    "nothing at all": (
        lambda mirror: [path.unlink() for path in mirror.iterdir()],
        "cannot read {mirror}/manifest.json: (No such file|HTTP status 404)",
    ),
}


@pytest.mark.parametrize("way", ["folder", "address"])
@pytest.mark.parametrize("case", FAULTY)
def test_a_faulty_mirror_is_named_with_what_is_wrong(
    case, way, mirror, serve, tmp_path, monkeypatch
):
    change, message = FAULTY[case]
    change(mirror)
    base = str(mirror) if way == "folder" else serve(mirror)
    monkeypatch.setenv(mirrors.MIRROR, base)
    with pytest.raises(UserError, match=f"(?s){message.format(mirror=base)}") as caught:
        sources.fetch(TIMIT, tmp_path / "raw", patience=QUICK)
    assert "free space" not in str(caught.value)
    assert not list((tmp_path / "raw").glob("*.zip")) if (tmp_path / "raw").exists() else True


MANIFEST = "manifest.json: "

#: Name -> what the server of a mirror does, and what is said of it.
SERVERS = {
    "hangs": ([hangs()], f"{MANIFEST}no answer within 2 s"),
    "500 for ever": ([status(500)], f"{MANIFEST}HTTP status 500"),
    "forbids": ([status(403)], f"{MANIFEST}HTTP status 403"),
    "slow": ([slowly(0.5, pieces=30)], f"{MANIFEST}no answer within 2 s"),
    "endless": ([hostile.endless], f"{MANIFEST}(it is larger than 10 MB|no answer within 2 s)"),
    "drops": ([hostile.drops(10)], f"{MANIFEST}the connection broke off"),
    "speaks no HTTP": ([hostile.no_http], f"{MANIFEST}.*SSH-2.0"),
    "asks to log in": ([hostile.wrong_file(b"<html>Log in</html>")], "is no mirror manifest"),
    "redirects in circles": ([hostile.redirects("/x")], f"{MANIFEST}it redirects in circles"),
}


@pytest.mark.parametrize("case", SERVERS)
def test_a_mirror_whose_manifest_cannot_be_read_gives_way_to_the_next(
    case, mirror, tmp_path, monkeypatch
):
    answers, message = SERVERS[case]
    with serving(b'{"files": {}}' + b" " * 1000, *answers) as server:
        monkeypatch.setenv(mirrors.MIRROR, server.address)
        start = time.perf_counter()
        place = sources.locate(TIMIT, tmp_path / "raw", [str(mirror)])
        assert time.perf_counter() - start < 8
    assert place.origin.where == str(mirror / "timit.zip")
    assert re.search(message, place.refused[1])
    assert place.refused[1].startswith(mirrors.MIRROR)


@pytest.mark.parametrize("way", ["folder", "address"])
def test_a_plan_passes_over_an_archive_that_is_listed_but_missing(
    way, mirror, tmp_path, monkeypatch, serve
):
    complete = shutil.copytree(mirror, tmp_path / "complete")
    (mirror / "timit.zip").unlink()
    base = str(mirror) if way == "folder" else serve(mirror)
    monkeypatch.setenv(mirrors.MIRROR, base)
    place = sources.locate(TIMIT, tmp_path / "raw", [str(complete)])
    assert place.origin.where == str(complete / "timit.zip")
    assert re.match(rf"mirror: {base}/timit\.zip: (no such|HTTP status 404)", place.refused[1])


@pytest.mark.parametrize("base", ["ftp://host/x", "s3://bucket/x", "file:///data"])
def test_an_address_of_another_kind_is_refused(base, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, base)
    with pytest.raises(UserError, match="is not read; give a folder, http:// or https://"):
        sources.locate(TIMIT, tmp_path / "raw")


def test_a_manifest_that_hiccups_is_read(mirror, tmp_path, monkeypatch):
    body = (mirror / "manifest.json").read_bytes()
    with serving(body, status(500), status(503), good) as server:
        monkeypatch.setenv(mirrors.MIRROR, server.address)
        assert sources.locate(TIMIT, tmp_path / "raw").origin.kind == "mirror"


@pytest.mark.parametrize("code", [403, 405, 501])
def test_a_server_that_knows_no_head_is_asked_otherwise(code):
    def answer(handler):
        (status(code) if handler.command == "HEAD" else good)(handler)

    with serving(b"here", answer) as server:
        assert places.problem(f"{server.address}/x") is None
        assert [method for method, *_ in server.requests] == ["HEAD", "GET"]


def test_several_mirrors_are_tried_in_order(mirror, tmp_path, monkeypatch, serve):
    first = shutil.copytree(mirror, tmp_path / "first")
    (first / "timit.zip").write_bytes(b"damaged")
    second = tmp_path / "second"  # is not there
    monkeypatch.setenv(mirrors.MIRROR, serve(first))
    path = sources.fetch(TIMIT, tmp_path / "raw", [str(second), str(mirror)], QUICK)
    assert files.sha256(path) == files.sha256(mirror / "timit.zip")


def test_the_setting_reaches_the_data_set(mirror, tmp_path):
    settings = {"mirrors": (str(mirror),)}
    found = registry.locate("timit-sample", tmp_path / "raw", settings)
    assert found.origin.where == str(mirror / "timit.zip")
    path = registry.archive("timit-sample", tmp_path / "raw", settings)
    assert path.read_bytes() == (mirror / "timit.zip").read_bytes()


def test_a_folder_in_the_place_of_the_archive_is_named(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    (tmp_path / "raw/timit.zip").mkdir(parents=True)
    with pytest.raises(UserError, match=r"raw/timit\.zip is a folder where the archive should be"):
        sources.fetch(TIMIT, tmp_path / "raw")


def test_a_file_in_the_place_of_the_folder_is_named(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    (tmp_path / "raw").write_text("in the way")
    with pytest.raises(UserError, match="a file and a folder would bear one name: move away"):
        sources.fetch(TIMIT, tmp_path / "raw")


def test_a_folder_with_too_long_a_name_is_named(mirror, tmp_path, monkeypatch):
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        sources.fetch(TIMIT, tmp_path / ("n" * 300))


@pytest.fixture
def refusing(mirror, tmp_path, monkeypatch):
    """A mirror whose archive would leave its folder; its digest is the one in the manifest."""
    archive = make_zip(mirror / "timit.zip", {"../evil": b"x"})
    rewrite(mirror, sha256=files.sha256(archive), bytes=archive.stat().st_size)
    monkeypatch.setenv(mirrors.MIRROR, str(mirror))
    monkeypatch.setattr(registry, "lookup", lambda *_: replace(timit.SAMPLE, raw=TIMIT))
    return mirror


def test_an_archive_that_is_refused_does_not_stay_as_present(refusing, tmp_path):
    raw = tmp_path / "raw"
    with pytest.raises(UserError, match=r"refused to unpack '\.\./evil'.* now lies in .*refused"):
        registry.prepare("timit-sample", raw, tmp_path / "prepared")
    left = {name for name in os.listdir(raw / "timit-sample") if name != sources.LOCK}
    assert left == {"timit.zip.refused", "refused.json"}
    assert not (tmp_path / "prepared/timit-sample").exists()
    # the same bytes are not taken again, neither by a second call nor by a plan
    with pytest.raises(UserError, match=r"timit\.zip: refused before: refused to unpack '\.\./ev"):
        registry.prepare("timit-sample", raw, tmp_path / "prepared")
    place = registry.locate("timit-sample", raw, {})
    assert place.origin is None
    assert "refused before" in place.refused[1]


def test_other_bytes_are_taken_after_a_refusal(refusing, tmp_path):
    raw = tmp_path / "raw"
    with pytest.raises(UserError, match="refused to unpack"):
        registry.prepare("timit-sample", raw, tmp_path / "prepared")
    archive = make_zip(refusing / "timit.zip", {"timit/README": b"x"})
    rewrite(refusing, sha256=files.sha256(archive))
    assert registry.locate("timit-sample", raw, {}).origin.kind == "mirror"
    assert sources.fetch(TIMIT, raw / "timit-sample").read_bytes() == archive.read_bytes()


def test_a_damaged_record_of_a_refusal_is_named(refusing, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / records.REFUSED).write_text("{}")
    with pytest.raises(UserError, match=r"refused\.json lacks 'sha256'; delete it"):
        sources.fetch(TIMIT, tmp_path / "raw")
