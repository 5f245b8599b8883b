"""Finished runs that are not those that are asked for, as their own files say.

Snakemake knows of an output with which parameters and from which data it was made. It forgets that
when a job that updates the output fails or is stopped, and puts the old one back; then only the
files know.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from adsmtl import identity, paths, seals
from adsmtl.errors import UserError
from adsmtl.files import read_json, sha256
from adsmtl.running.names import AFFINITY, METRICS
from adsmtl.study import Run, Study


def outputs(study: Study, root: Path, related: Collection[str]) -> Iterator[Path]:
    """The files to make again: of other configuration, data or code than asked for, or unreadable.

    Only small files are read, so that every call can ask. Where data are not prepared yet, they are
    not compared; nor is the machine: a job that is planned compares both itself.

    Args:
        root: the results folder.
        related: arms whose affinity is measured.
    """
    data = dict(_digests(study))
    for run in study.runs():
        folder = paths.run(root, run.arm_id, run.seed)
        metrics, affinity = folder / METRICS, folder / AFFINITY
        if metrics.is_file() and not (
            _made_by(metrics, run, data, identity.TRAINED) and _sealed(folder)
        ):
            yield metrics
        measured = run.arm_id in related and affinity.is_file()
        if measured and not _made_by(affinity, run, data, identity.RELATED):
            yield affinity


def _digests(study: Study) -> Iterator[tuple[str, str]]:
    """Name and digest of every data set of the study that is prepared."""
    for name in study.datasets:
        try:
            yield name, read_json(paths.PREPARED / name / "card.json")["digest"]
        except (UserError, KeyError, TypeError):
            continue  # whoever reads the data says what is wrong with them


def _made_by(path: Path, run: Run, data: Mapping[str, str], root: str) -> bool:
    try:
        found: Any = read_json(path)
        made = found["config_hash"], found["identity"]["code"]
        read = {
            name: found["identity"]["data"][name]
            for name, task in run.study_tasks.items()
            if task.dataset in data
        }
    except (UserError, KeyError, TypeError):
        return False
    now = {name: data[task.dataset] for name, task in run.study_tasks.items() if name in read}
    return (*made, read) == (run.config_hash, identity.code(run, root), now)


def _sealed(folder: Path) -> bool:
    """Whether the metrics are those that the run was sealed with; older runs have no seal."""
    try:
        sealed = seals.read(folder)
    except UserError:
        return False
    if sealed is None or METRICS not in sealed:
        return not read_json(folder / METRICS).get("sealed")
    return sealed[METRICS] == sha256(folder / METRICS)
