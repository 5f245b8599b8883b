"""The archive of a release: the same bytes everywhere, whole, and without data of others."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from adsmtl.archive import crate, release
from adsmtl.archive.release import Member
from adsmtl.errors import UserError

ROOT = Path(__file__).parents[2]
MIRROR = os.environ.get("ADSMTL_MIRROR", "")


def whole_history() -> bool:
    command = ["git", "rev-parse", "--show-toplevel", "--is-shallow-repository"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return found.returncode == 0 and found.stdout.split("\n")[:2] == [str(ROOT), "false"]


pytestmark = pytest.mark.skipif(
    not whole_history(), reason="no git checkout with the whole history, which a release takes"
)


def clone(folder: Path) -> Path:
    """The commit that is checked out here, elsewhere."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    return folder


def build(folder: Path, umask: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Build a release in a clone, by its own code."""
    return subprocess.run(
        ["sh", "-c", f'umask {umask}; exec "$0" -m adsmtl.archive.release', sys.executable],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), **variables},
        capture_output=True,
        text=True,
    )


def only(folder: Path) -> Path:
    (path,) = (folder / "dist").iterdir()
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = clone(tmp_path_factory.mktemp("one") / "project")
    done = build(folder, "022", TZ="UTC")
    assert done.returncode == 0, done.stderr
    return only(folder)


@pytest.fixture(scope="module")
def members(built: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(built) as archive:
        return {
            name.removeprefix(f"{built.stem}/"): archive.read(name) for name in archive.namelist()
        }


def test_folder_umask_time_zone_and_language_change_no_byte(built, tmp_path):
    folder = clone(tmp_path / "elsewhere/a folder")
    for path in folder.rglob("*.py"):
        os.utime(path, (0, 10**9))
    done = build(folder, "077", TZ="Pacific/Kiritimati", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert only(folder).read_bytes() == built.read_bytes()
    assert hashlib.sha256(built.read_bytes()).hexdigest() in done.stdout


def test_the_sums_are_those_of_every_file(members):
    lines = members[release.SUMS].decode().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {name: content for name, content in members.items() if name != release.SUMS}
    assert sums == {name: hashlib.sha256(own).hexdigest() for name, own in files.items()}


def test_it_holds_what_is_committed(members):
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    assert set(filter(None, listed.split("\0"))) <= set(members)


def test_every_frozen_study_is_a_crate(members, tmp_path):
    studies = {str(Path(name).parent) for name in members if name.endswith("manifest.json")}
    studies = {name for name in studies if name.startswith("results/frozen/")}
    assert studies
    for study in studies:
        for name in members:
            if name.startswith(f"{study}/"):
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_bytes(members[name])
        version = json.loads(members[f"{study}/manifest.json"])["adsmtl"]
        assert (tmp_path / study / crate.FILE).is_file()
        assert list(crate.faults(tmp_path / study, version)) == []


#: How files of data begin, and the files that begin so here: collected tables, packed.
BEGINNINGS = {
    **dict.fromkeys((b"RIFF", b"fLaC", b"OggS", b"ID3", b"NIST_1A", b"\xff\xd8\xff"), ()),
    **dict.fromkeys((b"\x93NUMPY", b"PAR1", b"\xfd7zXZ", b"BZh", b"\x80\x04"), ()),
    b"PK": ("predictions.npz",),
    b"\x1f\x8b": ("epochs.csv.gz",),
}


def test_it_holds_no_data_of_others(members):
    found = [
        name
        for name, content in members.items()
        for start, allowed in BEGINNINGS.items()
        if content.startswith(start) and Path(name).name not in allowed
    ]
    assert found == []
    assert not any(name.startswith(("data/raw", "data/prepared", "mlruns")) for name in members)


@pytest.mark.skipif(not MIRROR, reason="ADSMTL_MIRROR is not set")
def test_it_holds_no_file_of_a_mirror(members):
    listed = json.loads((Path(MIRROR) / "manifest.json").read_text())["files"]
    digests = {hashlib.sha256(content).hexdigest() for content in members.values()}
    assert not digests & {own["sha256"] for own in listed.values()}


@pytest.mark.parametrize("name", ["data/raw/x.txt", "tests/a.wav", "b.TAR.GZ", "c/train_1.bin"])
def test_what_looks_like_data_is_refused(name):
    with pytest.raises(UserError, match="data of others are not passed on"):
        release.require_no_data({"README.md": Member(b""), name: Member(b"x")})


def test_an_archive_of_data_is_known_by_its_digest_whatever_its_name(monkeypatch):
    content = b"an archive"
    own = release.registry.lookup("timit-sample").raw
    known = type(own)(**{**vars(own), "digest": f"md5:{hashlib.md5(content).hexdigest()}"})
    monkeypatch.setattr(release, "_archives", lambda: [known])
    with pytest.raises(UserError, match=r"notes\.txt"):
        release.require_no_data({"notes.txt": Member(content)})


@pytest.mark.parametrize("name", ["README.md", "new.txt"])
def test_what_is_not_committed_is_refused(name, tmp_path):
    folder = clone(tmp_path / "project")
    with (folder / name).open("a") as stream:
        stream.write("more\n")
    with pytest.raises(UserError, match=f"not committed: {name}; commit"):
        release.build(folder, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_a_history_that_lacks_the_commit_of_a_study_is_refused(tmp_path):
    shallow = ["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", str(tmp_path / "p")]
    subprocess.run(shallow, check=True)
    for path in (tmp_path / "p/results/frozen").glob(f"*/*/{crate.FILE}"):
        path.unlink()  # as of a study that was frozen before there were crates
    commit = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qam", "x"]
    subprocess.run(commit, cwd=tmp_path / "p", check=True)
    with pytest.raises(UserError, match="not in the history here; fetch all"):
        release.build(tmp_path / "p", tmp_path / "dist")


def test_without_git_there_is_no_release(tmp_path):
    with pytest.raises(UserError, match="no git checkout"):
        release.build(tmp_path, tmp_path / "dist")
