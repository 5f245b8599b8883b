"""Whatever a server does: the right file, or a message that says why not, and no wrong file."""

import hashlib
import json
import resource
import subprocess
import sys
import threading
import time
from functools import partial

import hostile
import pytest
from hostile import (
    chunked,
    claims_length,
    drops,
    good,
    hangs,
    ignores_ranges,
    redirects,
    serving,
    slowly,
    status,
    wrong_file,
    wrong_range,
)

from adsmtl.data.dataset import Archive
from adsmtl.data.fetch import progress, sources
from adsmtl.data.fetch.download import Patience
from adsmtl.errors import UserError

pytestmark = pytest.mark.faults("hostile servers")
SIZE = 50_000
BODY = bytes((n * n * 7 + n // 3) % 256 for n in range(SIZE))
DIGEST = hashlib.sha256(BODY).hexdigest()
QUICK = Patience(connect=1, read=1, retries=3, pause=0.01, longest=0.05)


def archive(*urls):
    return Archive("a.bin", urls, f"sha256:{DIGEST}", SIZE, "theirs", "made in a test", ())


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != sources.LOCK)


DONE = ["a.bin", "source.json"]
PARTIAL = [".a.bin.part", ".a.bin.part.json"]

#: Name -> what the server does with each request, and from which byte each was asked for.
GETS_THE_FILE = {
    "well": ([good], [0]),
    "drops once": ([drops(20_000), good], [0, 20_000]),
    "drops often": ([*(drops(n) for n in range(5_000, 50_000, 5_000)), good], None),
    "drops at once": ([drops(0), good], [0, 0]),
    "drops, states no version": (
        [drops(20_000, tag=None), partial(good, tag=None)],
        [0, 20_000],
    ),
    "drops, weak tag": ([drops(20_000, tag='W/"a"'), partial(good, tag='W/"a"')], [0, 20_000]),
    "drops, dated": (
        [
            drops(20_000, tag=None, Last_Modified=hostile.DATE),
            partial(good, tag=hostile.DATE),
        ],
        [0, 20_000],
    ),
    "drops, then has another version": ([drops(20_000), partial(good, tag='"two"')], [0, 20_000]),
    "drops and ignores ranges": (
        [partial(ignores_ranges, upto=20_000), ignores_ranges],
        [0, 20_000],
    ),
    "hangs in the middle": ([hangs(after=20_000), good], [0, 20_000]),
    "500 twice": ([status(500), status(500), good], [0, 0, 0]),
    "503 asks for an hour": ([status(503, Retry_After="3600"), good], [0, 0]),
    "429 asks for nonsense": ([status(429, Retry_After="soon"), good], [0, 0]),
    "500 between two parts": ([drops(9_000), status(500), good], [0, 9_000, 9_000]),
    "claims too much": ([claims_length(60_000), good], [0, 50_000]),
    "slow but living": ([slowly(0.15, pieces=10)], [0]),
    "redirects": ([redirects("/elsewhere"), good], [0, 0]),
    "chunked": ([chunked()], [0]),
    "chunked, drops": ([chunked(upto=20_000), good], [0, 20_000]),
    "no length": ([hostile.until_closed], [0]),
    "length is no number": ([claims_length("many")], [0]),
    "called a coding": ([hostile.labelled_gzip], [0]),
    "gives another part": (
        [drops(20_000), wrong_range("bytes 0-9/50000"), good],
        [0, 20_000, 0],
    ),
    "gives a part of a longer file": (
        [drops(20_000), wrong_range("bytes 20000-20009/60000"), good],
        [0, 20_000, 0],
    ),
    "gives a part of another version": (
        [drops(20_000), wrong_range("bytes 20000-20009/50000", '"two"'), good],
        [0, 20_000, 0],
    ),
    "gives a part without saying which": ([drops(20_000), wrong_range(""), good], [0, 20_000, 0]),
}


@pytest.mark.parametrize("case", GETS_THE_FILE)
def test_the_file_comes_whole(case, tmp_path):
    answers, starts = GETS_THE_FILE[case]
    with serving(BODY, *answers) as server:
        path = sources.fetch(archive(f"{server.address}/a.bin"), tmp_path / "data", patience=QUICK)
        assert path.read_bytes() == BODY
        assert starts is None or server.starts == starts
    assert names(path.parent) == DONE


PAGE = b"<!DOCTYPE html><title>Log in</title>"

#: Name -> what the server does, what the message says, how many requests at most, what stays.
GETS_NOTHING = {
    "is not there": ([status(404)], r"HTTP status 404 \(Not Found\)", 1, []),
    "forbids": ([status(403)], "HTTP status 403", 1, []),
    "500 for ever": ([status(500)], r"HTTP status 500 .*\(4 tries\)", 4, []),
    "drops at the same byte": ([drops(9_000)], "broke off .*0.0 MB are kept", 5, PARTIAL),
    "drops and ignores ranges for ever": (
        [partial(ignores_ranges, upto=9_000)],
        "broke off",
        5,
        PARTIAL,
    ),
    "never answers": ([hangs()], "no answer in time", 2, []),
    "hangs for ever in the middle": ([hangs(after=9_000)], "no answer in time", 5, PARTIAL),
    "another file": ([wrong_file(b"x" * 50_000)], f"expected sha256 {DIGEST}, found", 1, []),
    "a page to log in": ([wrong_file(PAGE)], "of a web page: did you have to log in", 1, []),
    "claims too little": ([claims_length(30_000)], r"damaged: .*\(30,000 bytes\)", 1, []),
    "announces far too much": ([claims_length(10**12)], "so it is another file", 1, []),
    "endless": ([hostile.endless], r"more than 1,100,000 bytes, so it is another file", 1, []),
    "redirects in circles": ([redirects("/again")], "redirects in circles", 40, []),
    "redirects to a file here": ([redirects("file:///etc/passwd")], "file:///etc/passwd", 1, []),
    "redirects to nowhere": ([redirects("http://[::bad/x")], "Invalid IPv6 URL", 1, []),
    "speaks no HTTP": ([hostile.no_http], "SSH-2.0", 2, []),
    "a part that nobody asked for": ([status(206)], "although the whole was asked for", 1, []),
    "no content": ([status(204)], "HTTP status 204", 1, []),
}


@pytest.mark.parametrize("case", GETS_NOTHING)
def test_the_message_says_why_with_the_address_and_the_way_around(case, tmp_path):
    answers, message, requests, stays = GETS_NOTHING[case]
    with serving(BODY, *answers) as server:
        address = f"{server.address}/a.bin"
        with pytest.raises(UserError, match=message) as caught:
            sources.fetch(archive(address), tmp_path / "data", patience=QUICK)
        assert len(server.starts) <= requests
    text = str(caught.value)
    assert text.startswith("data cannot be had:")
    assert address in text
    assert f"put it into {tmp_path / 'data'} as a.bin. Or name a mirror by ADSMTL_MIRROR" in text
    assert names(tmp_path / "data") == stays


def test_the_next_call_goes_on_where_the_last_one_stopped(tmp_path, capsys):
    with serving(BODY, drops(30_000), hangs(), hangs(), hangs(), hangs(), good) as server:
        wanted = archive(f"{server.address}/a.bin")
        with pytest.raises(UserError, match="are kept"):
            sources.fetch(wanted, tmp_path / "data", patience=QUICK)
        server.answers[:] = [good]
        path = sources.fetch(wanted, tmp_path / "data", patience=QUICK)
        assert server.starts[-1] == 30_000
    assert path.read_bytes() == BODY
    assert "a.bin: going on after 0.0 MB" in capsys.readouterr().err


def test_a_part_that_is_whole_is_not_asked_for_again(tmp_path):
    """The process may have been killed just before the file got its name."""
    with serving(BODY, good) as server:
        wanted = archive(f"{server.address}/a.bin")
        _leave_part(tmp_path / "data", wanted, BODY)
        assert sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes() == BODY
        assert server.requests == []


@pytest.mark.parametrize(
    "change",
    [
        {"address": "http://127.0.0.1/b.bin"},
        {"digest": "sha256:" + "0" * 64},
        {"total": "x"},
        None,
    ],
    ids=["another address", "another digest", "no number", "no record"],
)
def test_a_part_of_another_file_is_never_continued(tmp_path, change):
    with serving(BODY, good) as server:
        wanted = archive(f"{server.address}/a.bin")
        record = _leave_part(tmp_path / "data", wanted, b"something else")
        if change is None:
            record.unlink()
        else:
            record.write_text(json.dumps(json.loads(record.read_text()) | change))
        assert sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes() == BODY
        assert server.starts == [0]


def test_a_part_that_turns_out_wrong_is_fetched_once_more_from_the_start(tmp_path):
    """A server that states no version cannot say that its file is another one by now."""
    with serving(BODY, partial(good, tag=None)) as server:
        wanted = archive(f"{server.address}/a.bin")
        _leave_part(tmp_path / "data", wanted, b"x" * 20_000, mark=None)
        assert sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes() == BODY
        assert server.starts == [20_000, 0]


def test_a_file_that_became_shorter_is_fetched_from_the_start(tmp_path):
    with serving(BODY, good) as server:
        wanted = archive(f"{server.address}/a.bin")
        _leave_part(tmp_path / "data", wanted, b"x" * 60_000, total=90_000)
        assert sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes() == BODY
        assert server.starts == [60_000, 0]


def _leave_part(folder, wanted, content, mark='"one"', total=SIZE):
    """What a call that was killed leaves; returns the record."""
    folder.mkdir()
    (folder / ".a.bin.part").write_bytes(content)
    record = folder / ".a.bin.part.json"
    known = {"address": wanted.urls[0], "digest": wanted.digest, "mark": mark, "total": total}
    record.write_text(json.dumps(known))
    return record


@pytest.mark.parametrize(
    "bad", [status(404), status(500), wrong_file(PAGE), drops(9_000), hangs(), hostile.endless]
)
def test_the_next_address_is_tried(tmp_path, capsys, bad):
    with serving(BODY, bad) as first, serving(BODY, good) as second:
        addresses = [f"{server.address}/a.bin" for server in (first, second)]
        path = sources.fetch(archive(*addresses), tmp_path / "data", patience=QUICK)
        assert second.starts == [0]
    assert path.read_bytes() == BODY
    assert names(path.parent) == DONE
    assert f"data: upstream: {addresses[0]}: " in capsys.readouterr().err


def test_an_address_where_nothing_listens_costs_little_time(tmp_path):
    start = time.perf_counter()
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9/a\.bin: Connection refused \(2 tries\)"):
        sources.fetch(archive("http://127.0.0.1:9/a.bin"), tmp_path / "data")
    assert time.perf_counter() - start < 5


FETCH = """
import sys
from pathlib import Path
from adsmtl.data.dataset import Archive
from adsmtl.data.fetch import sources
address, digest, folder = sys.argv[1:]
wanted = Archive("a.bin", (address,), digest, 50_000, "theirs", "made in a test", ())
sources.fetch(wanted, Path(folder))
"""


def test_a_process_that_is_killed_leaves_a_part_that_goes_on(tmp_path):
    part = tmp_path / "data/.a.bin.part"
    with serving(BODY, hangs(after=20_000), good) as server:
        wanted = archive(f"{server.address}/a.bin")
        command = [sys.executable, "-c", FETCH, wanted.urls[0], wanted.digest, tmp_path / "data"]
        with subprocess.Popen(command) as process:
            while process.poll() is None and (not part.exists() or part.stat().st_size < 20_000):
                time.sleep(0.02)
            process.kill()
        assert names(tmp_path / "data") == PARTIAL
        # its lock died with it
        assert sources.fetch(wanted, tmp_path / "data").read_bytes() == BODY
        assert server.starts == [0, 20_000]


def test_a_second_process_waits_for_the_first(tmp_path):
    go = threading.Event()

    def answer(handler):
        go.wait(60)
        good(handler)

    with serving(BODY, answer) as server:
        wanted = archive(f"{server.address}/a.bin")
        command = [sys.executable, "-c", FETCH, wanted.urls[0], wanted.digest, tmp_path / "data"]
        first = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        while first.poll() is None and not server.requests:
            time.sleep(0.02)
        second = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert second.stderr.readline() == "data: another process is fetching it; waiting\n"
        go.set()
        assert [process.communicate() and process.returncode for process in (first, second)] == [
            0,
            0,
        ]
        assert server.starts == [0]
    assert names(tmp_path / "data") == DONE


def test_a_disk_that_fills_up_is_named_and_what_came_is_kept(tmp_path):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    with serving(BODY, good) as server:
        wanted = archive(f"{server.address}/a.bin")
        command = [sys.executable, "-c", FETCH, wanted.urls[0], wanted.digest, tmp_path / "data"]
        failed = subprocess.run(command, preexec_fn=small_files, stderr=subprocess.PIPE, text=True)
        assert "a.bin: File too large; free space there" in failed.stderr.splitlines()[-1]
        assert names(tmp_path / "data") == PARTIAL
        assert sources.fetch(wanted, tmp_path / "data").read_bytes() == BODY
        assert server.starts == [0, 20_000]


def test_a_proxy_is_asked_where_the_environment_names_one(tmp_path, monkeypatch):
    with serving(BODY, good) as proxy:
        monkeypatch.setenv("http_proxy", proxy.address)
        address = "http://data.invalid/a.bin"
        assert sources.fetch(archive(address), tmp_path / "data").read_bytes() == BODY
        assert proxy.requests == [("GET", address, 0)]


def test_a_certificate_counts_if_it_is_trusted(tmp_path, monkeypatch):
    with serving(BODY, good) as server:
        certificate = hostile.encrypt(server, tmp_path)
        wanted = archive(f"https://localhost:{server.server_port}/a.bin")
        with pytest.raises(UserError, match=r"a\.bin: its certificate is not trusted \(.*self"):
            sources.fetch(wanted, tmp_path / "data", patience=QUICK)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes() == BODY


def test_calls_at_once_fetch_one_file_once(tmp_path):
    with serving(BODY, slowly(0.02, pieces=20)) as server:
        wanted, found = archive(f"{server.address}/a.bin"), []
        threads = [
            threading.Thread(
                target=lambda: found.append(
                    sources.fetch(wanted, tmp_path / "data", patience=QUICK).read_bytes()
                )
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.starts == [0]
    assert found == [BODY] * 4
    assert names(tmp_path / "data") == DONE


def test_a_log_says_how_long_a_download_still_takes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.1)
    with serving(BODY, slowly(0.06, pieces=10)) as server:
        sources.fetch(archive(f"{server.address}/a.bin"), tmp_path / "data", patience=QUICK)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.endswith(" left")]
    assert 2 <= len(lines) <= 10
    assert all("MB of 0.1 MB, " in line for line in lines)
