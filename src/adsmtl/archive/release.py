"""The archive of a version for a repository such as Zenodo, of committed files alone.

    python -m adsmtl.archive.release

It holds the committed tree, a crate for every frozen study, and `SHA256SUMS` of all of it. Equal
commits give equal bytes on every machine: names are sorted, the time is that of the commit, owners
are left out, and nothing is compressed, because compressors of different versions give different
bytes. Data of others are in no commit; should one be there, nothing is built.
"""

import hashlib
import re
import stat
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import adsmtl
from adsmtl import outputs, paths
from adsmtl.archive import crate
from adsmtl.data import registry
from adsmtl.data.dataset import Archive, Archives
from adsmtl.errors import UserError
from adsmtl.files import atomic, read_json

SUMS = "SHA256SUMS"
TARGET = Path("dist")
#: Kinds of files in which data sets come or are prepared; none of them is in the project.
DATA_KINDS = (
    *(".tar", ".tar.gz", ".tar.xz", ".tgz", ".zip", ".bin", ".pkl", ".parquet", ".npy"),
    *(".wav", ".flac", ".mp3", ".ogg", ".sph", ".phn", ".wrd", ".textgrid", ".jpg", ".jpeg"),
)
DATA_FOLDERS = (paths.RAW, paths.PREPARED)
_DIGESTS = ("sha256", "md5")  # by which archives of data are known
_STUDY = re.compile(rf"{paths.FROZEN}/[^/]+/[^/]+/{outputs.MANIFEST}")


@dataclass(frozen=True)
class Member:
    """A file of the archive: its content, and whether it may be executed."""

    content: bytes
    executable: bool = False


def build(project: Path, target: Path) -> Path:
    """Write `<target>/adsmtl-<version>.zip` from the commit that is checked out.

    Raises:
        UserError: `project` is no git checkout, something there is not committed, data of others
            are, or a frozen study is of a commit that is not in the history.
    """
    _require_clean(project)
    members = _committed(project, "HEAD")
    require_no_data(members)
    for manifest in sorted(name for name in members if _STUDY.fullmatch(name)):
        members |= _crated(project, members, str(PurePosixPath(manifest).parent))
    sums = {name: hashlib.sha256(own.content).hexdigest() for name, own in members.items()}
    lines = [f"{sums[name]}  {name}\n" for name in sorted(sums)]
    members[SUMS] = Member("".join(lines).encode())
    path = target / f"adsmtl-{adsmtl.__version__}.zip"
    _write(path, members, int(_git(project, "log", "-1", "--format=%ct")))
    return path


def require_no_data(members: Mapping[str, Member]) -> None:
    """Refuse files that are, or look like, data of others.

    Raises:
        UserError: names them.
    """
    known = {own.digest for own in _archives()}
    found = []
    for name, own in members.items():
        digests = {f"{kind}:{hashlib.new(kind, own.content).hexdigest()}" for kind in _DIGESTS}
        below = any(PurePosixPath(name).is_relative_to(folder) for folder in DATA_FOLDERS)
        if digests & known or below or name.lower().endswith(DATA_KINDS):
            found.append(name)
    if found:
        raise UserError(
            f"data of others are not passed on; take these files out of the commit: "
            f"{', '.join(sorted(found))}"
        )


def _archives() -> Iterator[Archive]:
    for name in registry.DATASETS:
        raw = registry.lookup(name).raw
        if isinstance(raw, Archives):
            yield from raw.parts.values()
        elif isinstance(raw, Archive):
            yield raw


def _require_clean(project: Path) -> None:
    try:
        top = Path(_git(project, "rev-parse", "--show-toplevel").strip())
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            f"{project.resolve()} is no git checkout; a release is built from a commit"
        ) from error
    if top.resolve() != project.resolve():
        raise UserError(f"{project.resolve()} is not the top of its checkout; go to {top}")
    changed = _git(project, "status", "--porcelain").splitlines()
    if changed:
        few = ", ".join(line[3:] for line in changed[:5])
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        raise UserError(f"not committed: {few}{more}; commit, or put it away by `git stash -u`")


def _crated(project: Path, members: Mapping[str, Member], study: str) -> dict[str, Member]:
    """The crate of a study that was frozen without one, with the workflow of its commit."""
    if f"{study}/{crate.FILE}" in members:
        return {}
    with tempfile.TemporaryDirectory() as scratch:
        root, then = Path(scratch) / "study", Path(scratch) / "project"
        for name, own in members.items():
            if name.startswith(f"{study}/"):
                _put(root / name.removeprefix(f"{study}/"), own)
        commit = read_json(root / outputs.MANIFEST)["code"]["commit"]
        try:
            parts = _committed(project, commit, crate.CITATION, str(Path(crate.MAIN).parent))
        except subprocess.CalledProcessError as error:
            raise UserError(
                f"{study} was made by commit {commit}, which is not in the history here; fetch all"
                " of it (`git fetch --unshallow`)"
            ) from error
        for name, own in parts.items():
            _put(then / name, own)
        crate.add(root, then)
        return {
            f"{study}/{path.relative_to(root).as_posix()}": Member(path.read_bytes())
            for path in crate.beside(root)
        }


def _put(path: Path, member: Member) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(member.content)


def _committed(project: Path, commit: str, *only: str) -> dict[str, Member]:
    """The files of a commit by name, as git keeps them: no setting of a checkout changes them."""
    listed = _git(project, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *only)
    members = {}
    for line in filter(None, listed.split("\0")):
        facts, name = line.split("\t")
        mode, kind, blob = facts.split()
        if kind != "blob" or mode == "120000":
            raise UserError(f"{name} is a link; a release holds files alone")
        members[name] = (blob, mode == "100755")
    contents = _blobs(project, [blob for blob, _ in members.values()])
    return {
        name: Member(content, executable)
        for (name, (_, executable)), content in zip(members.items(), contents, strict=True)
    }


def _blobs(project: Path, names: list[str]) -> Iterator[bytes]:
    asked = "".join(f"{name}\n" for name in names).encode()
    answer = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=project, input=asked, check=True, capture_output=True
    ).stdout
    start = 0
    for _ in names:
        head = answer.index(b"\n", start)
        size = int(answer[start:head].split()[2])
        yield answer[head + 1 : head + 1 + size]
        start = head + size + 2


def _write(path: Path, members: Mapping[str, Member], when: int) -> None:
    date = time.gmtime(when)[:6]
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            own = members[name]
            entry = zipfile.ZipInfo(f"{path.stem}/{name}", date)
            entry.create_system = 3  # Unix, whose modes follow
            entry.external_attr = (stat.S_IFREG | (0o755 if own.executable else 0o644)) << 16
            archive.writestr(entry, own.content)


def _git(project: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=project, check=True, capture_output=True, text=True
    ).stdout


def main() -> int:
    try:
        path = build(Path(), TARGET)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {path}: {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
