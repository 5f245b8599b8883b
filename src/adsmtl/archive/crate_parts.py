"""The parts of a crate that are the same in every one: profiles, language, kinds of files."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

Entity = dict[str, Any]

#: A data set that is not part of the crate is a work that is named, no file or folder.
DATA = "CreativeWork"

PROFILES: tuple[Entity, ...] = tuple(
    {"@id": address, "@type": "CreativeWork", "name": name, "version": version}
    for address, name, version in (
        ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
        ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
        ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
    )
)

LANGUAGE: Entity = {
    "@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
    "@type": "ComputerLanguage",
    "name": "Snakemake",
    "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
    "url": {"@id": "https://snakemake.readthedocs.io"},
}

_TYPES = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".npz": "application/zip",  # of NumPy arrays
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".tex": "application/x-tex",
}


def media_type(name: str) -> str:
    """The media type of a file of a study; of a text whose suffix says nothing, `text/plain`."""
    return _TYPES.get(PurePosixPath(name).suffix, "text/plain")


def ref(identifier: str) -> dict[str, str]:
    """A reference to another entity."""
    return {"@id": identifier}


def refs(entities: Iterable[Entity]) -> dict[str, str] | list[dict[str, str]]:
    """References to several; RO-Crate wants no list of one."""
    found = [ref(own["@id"]) for own in entities]
    return found[0] if len(found) == 1 else found


def package(name: str, version: str | None, kind: str = "pypi") -> Entity:
    """A library by its package URL (https://github.com/package-url/purl-spec)."""
    return {
        "@id": f"pkg:{'generic' if name == 'python' else kind}/{name}@{version}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def spdx(licence: str) -> Entity:
    """A licence by its identifier in the SPDX list."""
    return {
        "@id": f"https://spdx.org/licenses/{licence}",
        "@type": "CreativeWork",
        "name": licence,
        "description": "licence of code and results; data have licences of their own",
    }
