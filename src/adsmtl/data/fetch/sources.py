"""Where archives come from: already here, a mirror, or upstream; each verified by digest.

`ADSMTL_MIRROR` names a mirror: a folder or an http(s) address that holds the archives and a
`manifest.json`: `{"files": {"<file>": {"sha256", "bytes", "provenance", "licence"}}}`.
"""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsmtl import files
from adsmtl.data.fetch import download, progress
from adsmtl.errors import UserError

MIRROR = "ADSMTL_MIRROR"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Source:
    """An archive as its authors publish it."""

    dataset: str
    file: str
    url: str
    digest: str  # "<algorithm>:<hexadecimal>"
    bytes: int
    licence: str
    provenance: str
    mirrored_as: tuple[str, ...]  # names it may have on a mirror, best first


@dataclass(frozen=True)
class Origin:
    """One archive at one place, not fetched yet (unless `kind` is "present")."""

    kind: str  # "present", "mirror", "upstream"; from `registry` also "local", "embedded"
    file: str
    location: str  # path or address
    digest: str
    bytes: int
    licence: str
    provenance: str


@dataclass(frozen=True)
class Location:
    """The best origin, or None, and why each better one was refused."""

    origin: Origin | None
    refused: tuple[str, ...]


SOURCES: dict[str, Source] = {
    source.dataset: source
    for source in (
        Source(
            dataset="cifar10",
            file="cifar-10-binary.tar.gz",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            digest="md5:c32a1d4ab5d03f1284b67883e8d87530",
            bytes=170_052_171,
            licence="not stated by the authors; free for research use",
            provenance="Krizhevsky 2009, the authors' binary version, verified by its MD5.",
            mirrored_as=("cifar-10-binary.tar.gz", "cifar-10-binary.tar.xz"),
        ),
        Source(
            dataset="timit-sample",
            file="timit.zip",
            url="https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/timit.zip",
            # upstream publishes no digest; this is the file the study was made with
            digest="sha256:ff314d02592d109dccf663bdf0180243a8886527e7d627de9567258ffa926d11",
            bytes=11_266_746,
            licence="CC BY-NC-SA, (c) 1993 Linguistic Data Consortium",
            provenance="TIMIT corpus sample as distributed with NLTK.",
            mirrored_as=("timit.zip",),
        ),
    )
}


def available(dataset: str, raw_root: Path) -> Origin | None:
    """Where `fetch` would get `dataset` from, without downloading; see `locate` for the reasons."""
    return locate(dataset, raw_root).origin


def locate(dataset: str, raw_root: Path) -> Location:
    """Look for `dataset` on disk, on the mirror, upstream, in this order; downloads nothing.

    Raises:
        UserError: what is there is unusable: a changed file, a mirror without a proper manifest.
    """
    source, refused = SOURCES[dataset], []
    for look in (_present, _mirror, _upstream):
        found = look(source, raw_root / dataset)
        if isinstance(found, Origin):
            return Location(found, tuple(refused))
        refused.append(found)
    return Location(None, tuple(refused))


def fetch(dataset: str, raw_root: Path) -> Path:
    """Get and verify the archive of `dataset`, unless it is there already.

    Returns:
        `raw_root/<dataset>/<file>`, beside which `source.json` says where it came from.

    Raises:
        UserError: it cannot be had from anywhere (says why), has the wrong digest, or the folder
            cannot hold it. An incomplete file never takes the final name.
    """
    folder = raw_root / dataset
    place = locate(dataset, raw_root)
    if place.origin is None:
        reasons = "".join(f"\n  - {reason}" for reason in place.refused)
        raise UserError(f"{dataset} cannot be had:{reasons}")
    origin = place.origin
    target = folder / origin.file
    if origin.kind != "present":
        for reason in place.refused:
            progress.say(f"{dataset}: {reason}")
        _require_space(folder, origin)
        with files.atomic(target) as temporary:
            progress.say(f"{dataset}: {origin.file} from {origin.kind} {origin.location}")
            download.copy(origin.location, temporary)
            _verify(temporary, origin)
    if origin.kind != "present" or not (folder / "source.json").is_file():
        record = {
            "name": origin.file,
            # a verified archive that someone put here is the upstream one: its digest says so
            "origin": "upstream" if origin.kind == "present" else origin.kind,
            "sha256": files.sha256(target),
            "bytes": target.stat().st_size,
            "provenance": origin.provenance,
            "licence": origin.licence,
        }
        files.write_json(folder / "source.json", record)
    return target


def _present(source: Source, folder: Path) -> Origin | str:
    if (folder / "source.json").is_file():
        record = files.read_json(folder / "source.json")
        try:
            path, digest = folder / record["name"], f"sha256:{record['sha256']}"
            licence, provenance = record["licence"], record["provenance"]
        except (KeyError, TypeError) as error:
            raise UserError(f"{folder / 'source.json'} lacks {error}; delete {folder}") from error
        if not path.is_file():
            return f"{path} is gone although source.json names it"
    else:
        path, digest = folder / source.file, source.digest
        licence, provenance = source.licence, source.provenance
        if not path.is_file():
            return f"not in {folder}"
    origin = Origin(
        "present", path.name, str(path), digest, path.stat().st_size, licence, provenance
    )
    _verify(path, origin)
    return origin


def _mirror(source: Source, _folder: Path) -> Origin | str:
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
        reason = f"{MIRROR}: {manifest} lists none of {', '.join(source.mirrored_as)}"
    for name in source.mirrored_as:
        if name in entries:
            return _listed(source, name, f"{base}/{name}", entries[name], manifest)
    for name in source.mirrored_as:
        if download.problem(f"{base}/{name}") is None:
            raise UserError(
                f"{base}/{name} has no entry in {manifest}, so it cannot be verified; "
                "add its sha256 and provenance there"
            )
    return reason


def _listed(source: Source, name: str, location: str, entry: Any, manifest: str) -> Origin:
    try:
        provenance = entry["provenance"]
        if entry.get("identical_to_upstream") is False:
            provenance = f"{provenance} Not bit-identical to the upstream archive."
        return Origin(
            kind="mirror",
            file=name,
            location=location,
            digest=f"sha256:{entry['sha256']}",
            bytes=int(entry.get("bytes", source.bytes)),
            licence=entry.get("licence", source.licence),
            provenance=provenance,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{manifest}: the entry of {name} lacks or misstates {error}") from error


def _upstream(source: Source, _folder: Path) -> Origin | str:
    problem = download.problem(source.url)
    if problem is not None:
        return f"upstream: {source.url}: {problem}"
    return Origin(
        "upstream",
        source.file,
        source.url,
        source.digest,
        source.bytes,
        source.licence,
        source.provenance,
    )


def _require_space(folder: Path, origin: Origin) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < origin.bytes:
        raise UserError(
            f"no space in {folder}: {origin.file} needs {origin.bytes / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are free; free some space or choose another folder"
        )


def _verify(path: Path, origin: Origin) -> None:
    algorithm, _, expected = origin.digest.partition(":")
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
        f"{origin.location} is damaged: expected {algorithm} {expected}, found {found} "
        f"({path.stat().st_size:,} bytes); {advice}"
    )
