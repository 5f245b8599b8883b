"""Checks a results folder, an archive or a block from the ground up, and names what is wrong."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import adsmtl
from adsmtl import outputs, paths, seals
from adsmtl.archive import consistency, crate, manifest, page
from adsmtl.archive.judge import judge
from adsmtl.collected import collect, diverged, reading, whole
from adsmtl.collected.reading import Collected
from adsmtl.data import verification
from adsmtl.errors import UserError
from adsmtl.files import read_json, sha256

# Of the workflow, in a results folder; nothing is read from them.
_MESSAGES = ("logs", "benchmarks")
_MARKERS = (".tracked", ".undiverged")
_STATE = ("resume.safetensors", "resume-earlier.safetensors")  # of a training under way
_PARTS = (
    *(whole.METRICS, whole.HISTORY, whole.PREDICTIONS, whole.CHECKPOINT),
    *(whole.TEST_TIME, whole.AFFINITY, seals.FILE),
)
_MADE_BY = ("adsmtl", "code", "libraries", "files", "report")  # not to be made again


@dataclass
class Findings:
    """What was found.

    Attributes:
        wrong: by file, relative to the folder, what is wrong with it.
        checked: number of files.
        notes: what could not be verified, in words.
    """

    wrong: dict[str, str] = field(default_factory=dict)
    checked: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, fault: str) -> None:
        """Record a fault; of a file the first, which later ones follow from."""
        self.wrong.setdefault(name, fault)


def verify(root: Path) -> Findings:
    """Check digests, ranges, and whether every file follows from those that it is made from.

    Args:
        root: a results folder, a frozen archive or a block; or the folder of a run, or prepared
            data.

    Raises:
        UserError: the folder is none of these.
    """
    findings = Findings()
    if (root / verification.CARD).is_file():
        _prepared(root, findings)
    elif (root / whole.METRICS).is_file():
        _run(root, root, findings)
    elif (root / outputs.COLLECTED).is_dir() or (root / outputs.MANIFEST).is_file():
        _study(root, findings)
    else:
        raise UserError(
            f"{root} holds neither {outputs.COLLECTED}/ nor {whole.METRICS} nor "
            f"{verification.CARD}; name results, an archive, a block, a run or prepared data"
        )
    return findings


def _prepared(root: Path, findings: Findings) -> None:
    findings.checked = sum(1 for _ in root.glob("*.npy")) + 1
    try:
        unverified = verification.verify(root)
    except UserError as error:
        findings.add(_within(root, str(error)) or verification.CARD, str(error))
    else:
        findings.notes += [unverified] if unverified else []


def _study(root: Path, findings: Findings) -> None:
    traced = _traced(root, findings)
    for folder in sorted(path.parent for path in (root / "runs").glob(f"*/*/{whole.METRICS}")):
        _run(root, folder, findings)
    try:
        collected = reading.load(root)
    except UserError as error:
        findings.add(_within(root, str(error)) or outputs.COLLECTED, str(error))
        return
    if any(name.startswith(f"{outputs.COLLECTED}/") for name in findings.wrong):
        findings.notes.append("whether all else follows from the collected tables was not tried")
        return
    with _refusals(root, findings):
        for name, fault in consistency.faults(collected):
            findings.add(name, fault)
        if (root / "runs").is_dir():
            _runs(collected, findings)
        elif not collected.study["blocks"]:
            findings.notes.append(
                "the runs are not here, so whether the collected tables follow from them is unknown"
            )
        judged = outputs.judged(root, diverged.attempted_traits(collected))
        block = traced is None and not any(path.exists() for path in judged)
        if not block:
            _judged(collected, findings)
            _page(collected, traced, findings)
            _manifest(collected, traced, findings)
            for name, fault in crate.faults(root, (traced or {}).get("adsmtl")):
                findings.add(name, fault)
        _foreign(collected, [] if block else judged, findings)


def _traced(root: Path, findings: Findings) -> dict | None:
    """The manifest, where there is a sound one; every file is compared with its digest there."""
    if not (root / outputs.MANIFEST).is_file():
        return None
    try:
        stored = read_json(root / outputs.MANIFEST)
        files = dict(stored["files"])
    except (UserError, KeyError, TypeError, ValueError):
        findings.add(outputs.MANIFEST, "is no manifest")
        return {}
    files |= {outputs.REPORT: stored["report"]} if stored.get("report") else {}
    for name, own in files.items():
        if not (root / name).is_file():
            findings.add(name, "is missing")
        elif sha256(root / name) != own:
            findings.add(name, f"was changed: {outputs.MANIFEST} has another digest")
    return stored


def _runs(collected: Collected, findings: Findings) -> None:
    """The collected tables against the run folders."""
    root = collected.root
    with tempfile.TemporaryDirectory() as scratch, _refusals(root, findings):
        again = Path(scratch)
        written = collect.write(root, diverged.attempted(collected), again, collected.planned)
        _compare(root, again, written, "does not follow from the run folders", findings)


def _run(root: Path, folder: Path, findings: Findings) -> None:
    for name, fault in whole.faults(folder).items():
        findings.add((folder / name).relative_to(root).as_posix(), fault)
    findings.checked += sum(1 for path in folder.iterdir() if path.is_file())
    if root == folder and not findings.wrong and whole.METRICS not in (seals.read(folder) or {}):
        findings.notes.append(f"{folder} was written by a version that sealed no runs")


def _judged(collected: Collected, findings: Findings) -> None:
    with tempfile.TemporaryDirectory() as scratch, _refusals(collected.root, findings):
        again = Path(scratch)
        fault = "does not follow from the collected tables"
        _compare(collected.root, again, judge(collected.root, again), fault, findings)


def _page(collected: Collected, traced: dict | None, findings: Findings) -> None:
    root, version = collected.root, (traced or {}).get("adsmtl")
    traits, ledger = collected.traits, outputs.claims(root)[0]
    if not (root / outputs.REPORT).is_file():
        findings.add(outputs.REPORT, "is missing")
    elif version != adsmtl.__version__:
        findings.notes.append(f"{outputs.REPORT} is of version {version}; it is not made again")
    elif findings.wrong.keys() & _names(root, [*outputs.figures(root, traits), ledger]):
        findings.notes.append(f"{outputs.REPORT} shows what is wrong; it is not made again")
    else:
        with _refusals(root, findings):
            if not page.follows(collected):
                fault = "does not follow from tables, figures and ledger"
                findings.add(outputs.REPORT, fault)


def _manifest(collected: Collected, traced: dict | None, findings: Findings) -> None:
    if not traced:
        findings.add(outputs.MANIFEST, "is missing")
        return
    made = manifest.build(collected)
    differ = [key for key in made if key not in _MADE_BY and traced.get(key) != made[key]]
    if differ:
        findings.add(outputs.MANIFEST, f"its {', '.join(differ)} do not follow from the tables")
    if missing := made["files"].keys() - traced["files"].keys():
        findings.add(outputs.MANIFEST, f"has no digest of {', '.join(sorted(missing))}")
    if more := traced["files"].keys() - made["files"].keys():
        findings.add(outputs.MANIFEST, f"names {', '.join(sorted(more))}, no part of this study")
    root = collected.root.resolve()
    version = root.parent.name
    if root.parent.parent.name == paths.FROZEN.name and traced.get("adsmtl") != version:
        findings.add(outputs.MANIFEST, f"is of version {traced.get('adsmtl')}, not {version}")
    if "report" not in traced:
        findings.notes.append(f"{outputs.MANIFEST} is of a version that did not seal the report")
    changed = [
        f"{name} {before}, here {made['libraries'].get(name)}"
        for name, before in dict(traced.get("libraries", {})).items()
        if made["libraries"].get(name) != before
    ]
    if changed and findings.wrong:
        findings.notes.append(
            f"other versions of libraries can give other bytes: {'; '.join(changed)}"
        )


def _foreign(collected: Collected, judged: Iterable[Path], findings: Findings) -> None:
    """Files that nothing here accounts for."""
    root = collected.root
    known = {*outputs.collected(root), *judged, root / outputs.LISTING}
    if judged:
        known |= {root / outputs.REPORT, root / outputs.MANIFEST}
    if judged and (root / crate.FILE).is_file():
        known |= set(crate.beside(root))
    parts = (*_PARTS, *_STATE)
    # Runs that were trained since, too: the tables are of a part of the study.
    for arm, seeds in (*diverged.attempted(collected).items(), *collected.planned.items()):
        known |= {paths.run(root, arm, seed) / name for seed in seeds for name in parts}
    workflow = (root / "runs").is_dir()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root)
        if workflow and (name.parts[0] in _MESSAGES or str(name) in _MARKERS):
            continue
        findings.checked += name.parts[0] != "runs"
        if path not in known:
            findings.add(name.as_posix(), "is foreign: no run or product of this study")


def _compare(
    root: Path, again: Path, written: Iterable[Path], fault: str, findings: Findings
) -> None:
    for path in written:
        name = path.relative_to(again)
        if not (root / name).is_file():
            findings.add(name.as_posix(), "is missing")
        elif sha256(root / name) != sha256(path):
            findings.add(name.as_posix(), fault)


@contextmanager
def _refusals(root: Path, findings: Findings) -> Iterator[None]:
    """What a step refuses is a finding about the file that it names.

    Tables that no study gives may fail anywhere in it, so every such failure is one too.
    """
    try:
        yield
    except UserError as error:
        for line in str(error).splitlines():
            if name := _within(root, line):
                findings.add(name, line)
        if not _within(root, str(error)):
            findings.add(outputs.COLLECTED, str(error))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        findings.add(outputs.COLLECTED, f"cannot be understood: {error!r}")


def _names(root: Path, files: Iterable[Path]) -> set[str]:
    return {path.relative_to(root).as_posix() for path in files}


def _within(root: Path, text: str) -> str | None:
    """The file below `root` that a message names first, if any."""
    found = re.search(re.escape(f"{root}/") + r"([\w.=/+-]+\w)", text)
    return found[1] if found else None
