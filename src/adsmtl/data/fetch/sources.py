"""Where archives come from: already here, a mirror, or upstream; each verified by digest."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from adsmtl import files
from adsmtl.data.dataset import Archive
from adsmtl.data.fetch import mirrors, places, progress, records
from adsmtl.data.fetch.part import Part
from adsmtl.data.fetch.places import Unreachable
from adsmtl.errors import UserError

if TYPE_CHECKING:
    from adsmtl.data.fetch.download import Patience

LOCK = ".fetch.lock"

#: A download may be this many times as large as was stated (sizes are for the progress, digests
#: decide), and this many bytes larger. More is another file, or one without end.
SLACK, MARGIN = 2, 1_000_000


@dataclass(frozen=True)
class Origin:
    """One archive at one place, not fetched yet (unless `kind` is "present")."""

    kind: str  # "present", "mirror", "upstream"; from `registry` also "local", "embedded"
    where: str  # path or address
    archive: Archive | None = None  # as that place has it; None from `registry`


@dataclass(frozen=True)
class Location:
    """The best origin, or None, and why each better one was refused."""

    origin: Origin | None
    refused: tuple[str, ...]


def locate(archive: Archive, folder: Path, mirrored: Sequence[str] = ()) -> Location:
    """Look for `archive` in `folder`, on mirrors, upstream, in this order; downloads nothing.

    Args:
        mirrored: folders or addresses of mirrors, beside that of `ADSMTL_MIRROR`.

    Raises:
        UserError: what is there is unusable: a changed file, a mirror without a proper manifest.
    """
    refused = []
    places_to_look = chain([_present(archive, folder)], _probed(archive, folder, mirrored))
    for found in places_to_look:
        if isinstance(found, Origin):
            return Location(found, tuple(refused))
        refused.append(found)
    return Location(None, tuple(refused))


def required(dataset: str, location: Location) -> Origin:
    """The origin that was found; UserError with all reasons where there is none."""
    if location.origin is None:
        raise UserError(_cannot(dataset, location.refused))
    return location.origin


def fetch(
    archive: Archive,
    folder: Path,
    mirrored: Sequence[str] = (),
    patience: "Patience | None" = None,
) -> Path:
    """Get and verify `archive`, unless it is in `folder` already.

    Every place that may have it is tried, mirrors first. What a broken download brought is kept,
    and the next call goes on there. Calls at once, also of several processes, wait for the first.

    Args:
        folder: `data/raw/<data set>`; its name stands for the data set in messages.
        mirrored: as for `locate`.
        patience: with servers; None for the usual one.

    Returns:
        `folder/<file>`, beside which `source.json` says where it came from.

    Raises:
        UserError: it cannot be had from anywhere (says why, and what else can be done), or the
            folder cannot hold it. An incomplete or wrong file never takes the final name.
    """
    found = _present(archive, folder)
    if isinstance(found, str):
        with _alone(folder):
            # another process may have brought it meanwhile
            found = _present(archive, folder)
            if isinstance(found, str):
                return _obtained(archive, folder, mirrored, patience, found)
    path = folder / found.archive.file
    if not (folder / records.SOURCE).is_file():
        # a verified archive that someone put here is the upstream one: its digest says so
        records.write_source(path, path, "upstream", found.archive)
    return path


def _obtained(
    archive: Archive,
    folder: Path,
    mirrored: Sequence[str],
    patience: "Patience | None",
    absent: str,
) -> Path:
    dataset, refused = folder.name, [absent]
    for found in _elsewhere(archive, folder, mirrored):
        if isinstance(found, Origin):
            target = folder / found.archive.file
            progress.say(f"{dataset}: {target.name} from {found.kind} {found.where}")
            try:
                _require_space(target, found.archive)
                _take(found, target, patience)
            except Unreachable as error:
                found = f"{found.kind}: {found.where}: {error}"
            else:
                return target
        progress.say(f"{dataset}: {found}")
        refused.append(found)
    way = (
        f"\nRun again to go on. Or get {archive.urls[0]} in another way, and put it into {folder} "
        f"as {archive.file}. Or name a mirror by {mirrors.MIRROR}"
    )
    raise UserError(_cannot(dataset, refused) + way)


def _cannot(dataset: str, refused: Sequence[str]) -> str:
    return f"{dataset} cannot be had:" + "".join(f"\n  - {reason}" for reason in refused)


def _present(archive: Archive, folder: Path) -> Origin | str:
    try:
        return _looked_up(archive, folder)
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {places.reason(error)}") from error


def _looked_up(archive: Archive, folder: Path) -> Origin | str:
    reason = f"not in {folder}"
    if (folder / records.SOURCE).is_file():
        record = files.read_json(folder / records.SOURCE)
        try:
            known = {key: record[key] for key in ("licence", "provenance")}
            known |= {"file": record["name"], "digest": f"sha256:{record['sha256']}"}
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / records.SOURCE} lacks {error}; delete {folder}") from error
        archive = replace(archive, **known)
        reason = f"{folder / archive.file} is gone although {records.SOURCE} names it"
    path = folder / archive.file
    if path.is_dir():
        raise UserError(f"{path} is a folder where the archive should be; move it away")
    if not path.is_file():
        return reason
    difference = _difference(path, archive)
    if difference is not None:
        raise UserError(f"{path} {difference}; delete {folder} and fetch again")
    return Origin("present", str(path), archive)


def _elsewhere(archive: Archive, folder: Path, mirrored: Sequence[str]) -> Iterator[Origin | str]:
    """Every place that may have the archive, not probed, or why one does not."""
    known = mirrors.named(mirrored)
    if not known:
        yield f"no mirror: {mirrors.MIRROR} is not set"
    listed = chain.from_iterable(mirrors.look(archive, mirror) for mirror in known)
    upstream = (mirrors.Listed(url, archive) for url in archive.urls)
    for kind, found in (("mirror", listed), ("upstream", upstream)):
        for one in found:
            if isinstance(one, str):
                yield one
                continue
            why = records.refused(one.archive, folder)
            yield f"{kind}: {one.where}: {why}" if why else Origin(kind, *one)


def _probed(archive: Archive, folder: Path, mirrored: Sequence[str]) -> Iterator[Origin | str]:
    for found in _elsewhere(archive, folder, mirrored):
        problem = places.problem(found.where) if isinstance(found, Origin) else None
        yield found if problem is None else f"{found.kind}: {found.where}: {problem}"


def _take(origin: Origin, target: Path, patience: "Patience | None") -> None:
    """Bring the archive, verified, to `target`, with its record, or raise Unreachable."""
    if not places.remote(origin.where):
        try:
            with Path(origin.where).open("rb"):
                pass
        except OSError as error:
            raise Unreachable(places.reason(error)) from error
        with files.atomic(target) as temporary:
            shutil.copyfile(origin.where, temporary)
            _require_same(temporary, origin)
            records.write_source(temporary, target, origin.kind, origin.archive)
        return
    # loaded here, not above: it is slow to import and a verified file on disk does not need it
    from adsmtl.data.fetch.download import PATIENT, download

    digest, limit = origin.archive.digest, SLACK * origin.archive.bytes + MARGIN
    with files.writing(target):
        part = Part(target, origin.where, digest)
        continued = part.size > 0
        download(origin.where, digest, part, limit, patience or PATIENT)
        if continued and _difference(part.path, origin.archive) is not None:
            # the file there may have changed since the first part came
            part.discard()
            download(origin.where, digest, part, limit, patience or PATIENT)
        try:
            _require_same(part.path, origin)
        except Unreachable:
            part.discard()
            raise
        records.write_source(part.path, target, origin.kind, origin.archive)
        part.finish(target)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process fetches into `folder`."""
    import filelock

    with files.writing(folder / LOCK):
        lock = filelock.FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress.say(f"{folder.name}: another process is fetching it; waiting")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _require_space(target: Path, archive: Archive) -> None:
    folder, here = target.parent, Part.path_of(target)
    free = shutil.disk_usage(folder).free
    left = archive.bytes - (here.stat().st_size if here.is_file() else 0)
    if free < left:
        raise UserError(
            f"no space in {folder}: {archive.file} needs {left / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are free; free some space or choose another folder"
        )


def _require_same(path: Path, origin: Origin) -> None:
    difference = _difference(path, origin.archive)
    if difference is None:
        return
    advice = {
        "mirror": "repair the mirror (its manifest.json gives the expected digest)",
        "upstream": "if it persists, the file upstream has changed: use a mirror",
    }[origin.kind]
    raise Unreachable(f"{difference}; {advice}")


def _difference(path: Path, archive: Archive) -> str | None:
    """In what the file at `path` is not `archive`; None if it is the same."""
    algorithm, _, expected = archive.digest.partition(":")
    found = records.digest(path, algorithm)
    if found == expected:
        return None
    size = path.stat().st_size
    with path.open("rb") as stream:
        page = stream.read(1000).lstrip().lower().startswith((b"<!doctype html", b"<html"))
    what = f"{size:,} bytes" + (" of a web page: did you have to log in?" if page else "")
    return f"is damaged: expected {algorithm} {expected}, found {found} ({what})"
