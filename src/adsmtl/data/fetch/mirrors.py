"""Mirrors: a folder or an http(s) address that holds archives and a `manifest.json`.

The manifest is `{"files": {"<file>": {"sha256", "bytes", "provenance", "licence"}}}`. What it does
not list is not used, because it could not be verified.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from adsmtl.data.dataset import Archive
from adsmtl.data.fetch import places
from adsmtl.errors import UserError
from adsmtl.validation import checked

MIRROR = "ADSMTL_MIRROR"
SETTING = "mirrors in config/config.yaml"
MANIFEST = "manifest.json"


class Mirror(NamedTuple):
    """A mirror, and what names it."""

    base: str
    named_by: str


class Listed(NamedTuple):
    """An archive that a mirror lists, and its place."""

    where: str
    archive: Archive


@dataclass(frozen=True)
class _Entry:
    """An archive in a manifest; other keys are for people."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]
    provenance: str
    licence: str | None = None
    bytes: Annotated[int, Field(gt=0)] | None = None
    identical_to_upstream: bool | None = None


def named(others: Sequence[str]) -> list[Mirror]:
    """The mirror that `ADSMTL_MIRROR` names, then `others`."""
    own = os.environ.get(MIRROR, "").strip()
    found = [Mirror(own, MIRROR)] if own else []
    return found + [Mirror(base, SETTING) for base in others]


def look(archive: Archive, mirror: Mirror) -> Iterator[Listed | str]:
    """The entries of `archive` in the mirror's manifest, best first, or why there is none.

    Raises:
        UserError: the manifest is malformed, or the mirror holds the archive without listing it.
    """
    manifest = places.joined(mirror.base, MANIFEST)
    try:
        listed = _files(places.read(manifest), manifest)
        reason = f"{manifest} lists none of {', '.join(archive.mirrored_as)}"
    except UserError as error:
        if not places.remote(mirror.base):
            raise
        # such as a page that asks to log in: others may have the archive
        yield f"{mirror.named_by}: {error}"
        return
    except places.Unreachable as error:
        reason = f"cannot read {manifest}: {error}"
        if not isinstance(error, places.Absent):
            # slow or faulty: nothing can be said about what it lists
            yield f"{mirror.named_by}: {reason}"
            return
        listed = {}
    names = [name for name in archive.mirrored_as if name in listed]
    for name in names:
        where = places.joined(mirror.base, name)
        yield Listed(where, _as_listed(archive, name, listed[name], manifest))
    if names:
        return
    for name in archive.mirrored_as:
        where = places.joined(mirror.base, name)
        if places.problem(where) is None:
            raise UserError(
                f"{where} has no entry in {manifest}, so it cannot be verified; "
                "add its sha256 and provenance there"
            )
    yield f"{mirror.named_by}: {reason}"


def _files(content: bytes, manifest: str) -> Mapping[str, Any]:
    """The entries of a manifest, not checked yet: those of other archives do not matter."""
    try:
        found = json.loads(content)
    # ValueError: no JSON or no UTF-8
    except (ValueError, RecursionError) as error:
        raise _malformed(manifest, str(error).splitlines()[0]) from error
    listed = found.get("files") if isinstance(found, dict) else None
    if not isinstance(listed, dict):
        raise _malformed(manifest, "`files` must map names of archives to what is known of them")
    return listed


def _malformed(manifest: str, reason: str) -> UserError:
    return UserError(
        f"{manifest} is no mirror manifest (no `files`): {reason}; repair it, or name another "
        f"mirror by {MIRROR}"
    )


def _as_listed(archive: Archive, name: str, entry: Any, manifest: str) -> Archive:
    own = checked(_Entry, entry, f"{manifest}: the entry of {name}", "repair the manifest")
    provenance = own.provenance
    if own.identical_to_upstream is False:
        provenance = f"{provenance} Not bit-identical to the upstream archive."
    return replace(
        archive,
        file=name,
        digest=f"sha256:{own.sha256.lower()}",
        bytes=own.bytes or archive.bytes,
        licence=own.licence or archive.licence,
        provenance=provenance,
    )
