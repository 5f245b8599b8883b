"""A frozen study as a Workflow Run RO-Crate: what it is, for programs that have never heard of it.

`ro-crate-metadata.json` follows from the other files of the folder, so `verify` can make it again.
It says who made the study with which workflow, from which data under which licence, on which
devices, and has the digest of every file. The workflow and `CITATION.cff` are copied beside it.

The profile is Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5). It wants one run of
the workflow. Runs of blocks that were trained elsewhere are in `collected/runs.csv`, each with its
commit, device and digests.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import adsmtl
from adsmtl import outputs
from adsmtl.archive.crate_parts import (
    DATA,
    LANGUAGE,
    PROFILES,
    media_type,
    package,
    ref,
    refs,
    spdx,
)
from adsmtl.data import registry
from adsmtl.data.dataset import Archive, Archives
from adsmtl.errors import UserError
from adsmtl.files import copy_file, read_json, sha256, write_json

FILE = "ro-crate-metadata.json"
CITATION = "CITATION.cff"
MAIN = "workflow/Snakefile"
WORKFLOW = (MAIN, "workflow/rules/*.smk")
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
]


def add(root: Path, project: Path) -> None:
    """Make a folder with a finished study an RO-Crate; equal files give equal bytes.

    Args:
        root: receives the crate, the workflow and `CITATION.cff`.
        project: has the last two.

    Raises:
        UserError: one of them is missing or cannot be understood.
    """
    for source in [project / CITATION, *_workflow(project)]:
        copy_file(source, root / source.relative_to(project))
    write_json(root / FILE, build(root))


def beside(root: Path) -> list[Path]:
    """The files of a crate that no manifest traces: itself, the workflow, `CITATION.cff`."""
    return [root / name for name in (FILE, CITATION)] + _workflow(root)


def faults(root: Path, version: str | None) -> Iterator[tuple[str, str]]:
    """What is wrong with the crate of an archive, by file; nothing where it has none.

    Args:
        version: of the manifest. A crate of another version is not made again; its digests are
            compared.
    """
    if not (root / FILE).is_file():
        return
    try:
        stored = read_json(root / FILE)
        digests = {one["@id"]: one["sha256"] for one in stored["@graph"] if "sha256" in one}
    except (UserError, KeyError, TypeError):
        yield FILE, "is no crate"
        return
    for name, digest in digests.items():
        if not (root / name).is_file():
            yield name, "is missing"
        elif sha256(root / name) != digest:
            yield name, f"was changed: {FILE} has another digest"
    for path in beside(root):
        name = path.relative_to(root).as_posix()
        if name != FILE and name not in digests:
            yield name, f"is not in {FILE}"
    if version == adsmtl.__version__:
        try:
            again = build(root)
        except UserError as error:
            yield FILE, str(error)
        else:
            if again != stored:
                yield FILE, "does not follow from the files that it describes"


def build(root: Path) -> dict[str, Any]:
    """The crate as JSON-able values; see `write`."""
    manifest, cited = read_json(root / outputs.MANIFEST), _cited(root / CITATION)
    environments = read_json(root / outputs.COLLECTED / "environments.json")
    files = [*manifest["files"], outputs.REPORT, outputs.MANIFEST]
    workflow = [path.relative_to(root).as_posix() for path in _workflow(root)]
    authors = [_author(number, own) for number, own in enumerate(cited["authors"], 1)]
    licence = spdx(cited["license"])
    data = [_data(name, own) for name, own in manifest["data"].items()]
    trained = _trained(environments)
    devices = [_device(number, own) for number, own in enumerate(manifest["devices"], 1)]
    libraries = [package(name, version) for name, version in manifest["libraries"].items()]
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "@id": FILE,
                "@type": "CreativeWork",
                "about": ref("./"),
                "conformsTo": [
                    ref("https://w3id.org/ro/crate/1.1"),
                    ref("https://w3id.org/workflowhub/workflow-ro-crate/1.0"),
                ],
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": f"Study {manifest['preset']} of adsmtl {manifest['adsmtl']}",
                "description": _description(manifest, cited),
                "version": manifest["adsmtl"],
                "datePublished": str(cited["date-released"]),
                "license": ref(licence["@id"]),
                "author": refs(authors),
                "publisher": refs(authors),
                "keywords": ", ".join(cited.get("keywords", [])),
                "conformsTo": refs(PROFILES),
                "mainEntity": ref(MAIN),
                "hasPart": [ref(name) for name in [*workflow, CITATION, *files]],
                "mentions": ref("#study"),
            },
            *PROFILES,
            licence,
            *authors,
            {
                "@id": "#study",
                "@type": "CreateAction",
                "name": f"Training and analysis of the study {manifest['preset']}",
                "description": _ran(manifest),
                "actionStatus": "http://schema.org/CompletedActionStatus",
                "instrument": ref(MAIN),
                "agent": refs(authors),
                "object": refs(data),
                "result": [ref(name) for name in files],
                "resourceUsage": refs(devices),
            },
            {
                "@id": MAIN,
                "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
                "name": "The workflow of adsmtl: from archives of data to the report",
                "version": manifest["code"]["commit"],
                "programmingLanguage": ref(LANGUAGE["@id"]),
                "license": ref(licence["@id"]),
                "author": refs(authors),
                "softwareRequirements": refs([*trained, *libraries]),
                "conformsTo": ref(BIOSCHEMAS),
                "hasPart": [ref(name) for name in workflow if name != MAIN],
                **_file(root, MAIN),
            },
            LANGUAGE | {"version": manifest["libraries"].get("snakemake")},
            *devices,
            *data,
            *trained,
            *libraries,
            *(
                {"@id": name, "@type": "File", "name": Path(name).name, **_file(root, name)}
                for name in [*(own for own in workflow if own != MAIN), CITATION, *files]
            ),
        ],
    }


def _workflow(root: Path) -> list[Path]:
    return [path for pattern in WORKFLOW for path in sorted(root.glob(pattern))]


def _file(root: Path, name: str) -> dict[str, str]:
    if not (root / name).is_file():
        raise UserError(f"{root / name} is missing, which a crate needs")
    return {
        "encodingFormat": media_type(name),
        "contentSize": str((root / name).stat().st_size),
        "sha256": sha256(root / name),
    }


def _cited(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        if {"title", "authors", "license", "date-released"} <= found.keys():
            return found
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise UserError(f"{path} cannot be read ({error}); a crate names its authors") from error
    raise UserError(f"{path} lacks title, authors, license or date-released; a crate states them")


def _author(number: int, own: Mapping[str, str]) -> dict[str, str]:
    """A person or a group of `CITATION.cff`, known by an ORCID or a web page where there is one."""
    identifier = own.get("orcid") or own.get("website") or f"#author-{number}"
    if "name" in own:
        return {"@id": identifier, "@type": "Organization", "name": own["name"]}
    names = {"givenName": own.get("given-names"), "familyName": own.get("family-names")}
    named = {key: name for key, name in names.items() if name}
    return {"@id": identifier, "@type": "Person", "name": " ".join(named.values()), **named}


def _description(manifest: Mapping[str, Any], cited: Mapping[str, Any]) -> str:
    unfinished = f" It is not complete: {manifest['unfinished']}." if manifest["unfinished"] else ""
    standing_in = (
        " It was made with stand-in data that install with the package."
        if manifest["embedded"]
        else ""
    )
    return (
        f"{cited['title']}. {manifest['runs']} runs of {len(manifest['arms'])} arms, seeds "
        f"{', '.join(map(str, manifest['seeds']))}: collected tables, ledger of claims, tables, "
        f"figures, report.{unfinished}{standing_in} The data themselves are not part of it; their "
        f"licences are stated with them."
    )


def _ran(manifest: Mapping[str, Any]) -> str:
    blocks = manifest["blocks"]
    apart = f", trained in {len(blocks)} blocks" if blocks else ""
    return (
        f"{manifest['runs']} runs{apart}. collected/runs.csv has the configuration, code, device "
        f"and digests of each. Times of beginning and end are not recorded, those of training are."
    )


def _data(name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """A data set that the runs saw, which is not part of the crate."""
    stem = name.partition(" @")[0]
    raw = registry.lookup(stem).raw if stem in registry.DATASETS else None
    archives = list(raw.parts.values()) if isinstance(raw, Archives) else [raw]
    urls = [one.urls[0] for one in archives if isinstance(one, Archive)]
    licences = dict.fromkeys(one.licence for one in archives if hasattr(one, "licence"))
    return {
        "@id": f"#data-{name.replace(' @', '-')}",
        "@type": DATA,
        "name": name,
        "description": f"{own['provenance']} Origin: {own['origin']}.",
        "identifier": f"sha256:{own['digest']}",
        "license": "; ".join(licences) or "stated in the card of the prepared data",
        **({"url": urls if len(urls) > 1 else urls[0]} if urls else {}),
    }


def _trained(environments: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The states of the code that trained, each once."""
    found = {}
    for own in environments.values():
        commit = (own.get("code") or {}).get("commit")
        version = (own.get("versions") or {}).get("adsmtl")
        found[commit] = {
            **package("adsmtl", commit, "generic"),
            "name": "adsmtl, which trained",
            "softwareVersion": f"{version}, commit {commit}",
        }
    return [found[commit] for commit in sorted(found, key=str)]


def _device(number: int, own: str) -> dict[str, Any]:
    return {
        "@id": f"#device-{number}",
        "@type": "PropertyValue",
        "name": "device and precision of training",
        "propertyID": "device",
        "value": own,
    }
