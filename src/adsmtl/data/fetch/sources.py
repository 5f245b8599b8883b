"""Where archives come from: already here, a mirror, or upstream; each verified by digest.

`ADSMTL_MIRROR` names a mirror: a folder or an http(s) address that holds the archives and a
`manifest.json`: `{"files": {"<file>": {"sha256", "bytes", "provenance", "licence"}}}`.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adsmtl import files
from adsmtl.data.dataset import Archive
from adsmtl.data.fetch import download, progress
from adsmtl.errors import UserError

MIRROR = "ADSMTL_MIRROR"
MANIFEST = "manifest.json"
RECORD = "source.json"  # beside an archive: where it came from


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


def locate(archive: Archive, folder: Path) -> Location:
    """Look for `archive` in `folder`, on the mirror, upstream, in this order; downloads nothing.

    Raises:
        UserError: what is there is unusable: a changed file, a mirror without a proper manifest.
    """
    refused = []
    for look in (_present, _mirror, _upstream):
        found = look(archive, folder)
        if isinstance(found, Origin):
            return Location(found, tuple(refused))
        refused.append(found)
    return Location(None, tuple(refused))


def required(dataset: str, location: Location) -> Origin:
    """The origin that was found; UserError with all reasons where there is none."""
    if location.origin is None:
        reasons = "".join(f"\n  - {reason}" for reason in location.refused)
        raise UserError(f"{dataset} cannot be had:{reasons}")
    return location.origin


def fetch(archive: Archive, folder: Path) -> Path:
    """Get and verify `archive`, unless it is in `folder` already.

    Args:
        folder: `data/raw/<data set>`; its name stands for the data set in messages.

    Returns:
        `folder/<file>`, beside which `source.json` says where it came from.

    Raises:
        UserError: it cannot be had from anywhere (says why), has the wrong digest, or the folder
            cannot hold it. An incomplete file never takes the final name.
    """
    dataset = folder.name
    place = locate(archive, folder)
    origin = required(dataset, place)
    found = origin.archive
    target = folder / found.file
    if origin.kind != "present":
        for reason in place.refused:
            progress.say(f"{dataset}: {reason}")
        _require_space(folder, found)
        with files.atomic(target) as temporary:
            progress.say(f"{dataset}: {found.file} from {origin.kind} {origin.where}")
            download.copy(origin.where, temporary)
            _verify(temporary, origin)
    if origin.kind != "present" or not (folder / RECORD).is_file():
        record = {
            "name": found.file,
            # a verified archive that someone put here is the upstream one: its digest says so
            "origin": "upstream" if origin.kind == "present" else origin.kind,
            "sha256": files.sha256(target),
            "bytes": target.stat().st_size,
            "provenance": found.provenance,
            "licence": found.licence,
        }
        files.write_json(folder / RECORD, record)
    return target


def _present(archive: Archive, folder: Path) -> Origin | str:
    reason = f"not in {folder}"
    if (folder / RECORD).is_file():
        record = files.read_json(folder / RECORD)
        try:
            known = {key: record[key] for key in ("licence", "provenance")}
            known |= {"file": record["name"], "digest": f"sha256:{record['sha256']}"}
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / RECORD} lacks {error}; delete {folder}") from error
        archive = replace(archive, **known)
        reason = f"{folder / archive.file} is gone although {RECORD} names it"
    path = folder / archive.file
    if not path.is_file():
        return reason
    origin = Origin("present", str(path), archive)
    _verify(path, origin)
    return origin


def _mirror(archive: Archive, _folder: Path) -> Origin | str:
    mirror = os.environ.get(MIRROR, "")
    if not mirror:
        return f"no mirror: {MIRROR} is not set"
    base = mirror.rstrip("/") if download.remote(mirror) else str(Path(mirror).expanduser())
    manifest = f"{base}/{MANIFEST}"
    try:
        entries = json.loads(download.read(manifest))["files"]
    except download.Unreachable as error:
        entries, reason = {}, f"{MIRROR}: cannot read {manifest}: {error}"
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest} is no mirror manifest (no `files`): {error}") from error
    else:
        reason = f"{MIRROR}: {manifest} lists none of {', '.join(archive.mirrored_as)}"
    for name in archive.mirrored_as:
        if name in entries:
            return _listed(archive, name, f"{base}/{name}", entries[name], manifest)
    for name in archive.mirrored_as:
        if download.problem(f"{base}/{name}") is None:
            raise UserError(
                f"{base}/{name} has no entry in {manifest}, so it cannot be verified; "
                "add its sha256 and provenance there"
            )
    return reason


def _listed(archive: Archive, name: str, where: str, entry: Any, manifest: str) -> Origin:
    try:
        provenance = entry["provenance"]
        if entry.get("identical_to_upstream") is False:
            provenance = f"{provenance} Not bit-identical to the upstream archive."
        listed = replace(
            archive,
            file=name,
            digest=f"sha256:{entry['sha256']}",
            bytes=int(entry.get("bytes", archive.bytes)),
            licence=entry.get("licence", archive.licence),
            provenance=provenance,
        )
        return Origin("mirror", where, listed)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{manifest}: the entry of {name} lacks or misstates {error}") from error


def _upstream(archive: Archive, _folder: Path) -> Origin | str:
    problem = download.problem(archive.url)
    if problem is not None:
        return f"upstream: {archive.url}: {problem}"
    return Origin("upstream", archive.url, archive)


def _require_space(folder: Path, archive: Archive) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < archive.bytes:
        raise UserError(
            f"no space in {folder}: {archive.file} needs {archive.bytes / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are free; free some space or choose another folder"
        )


def _verify(path: Path, origin: Origin) -> None:
    algorithm, _, expected = origin.archive.digest.partition(":")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    if found == expected:
        return
    advice = {
        "present": f"delete {path.parent} and fetch again",
        "mirror": "repair the mirror (its manifest.json gives the expected digest)",
        "upstream": "run again; if it persists, the file upstream has changed: use a mirror",
    }[origin.kind]
    raise UserError(
        f"{origin.where} is damaged: expected {algorithm} {expected}, found {found} "
        f"({path.stat().st_size:,} bytes); {advice}"
    )
