"""What decides a run's numbers: its configuration, data, code and kind of machine.

A finished run is kept while its identity is that of the run that is asked for. Its code is the
module where its numbers are made and what that imports, directly or through others, and what its
own configuration names: schedule, difficulty signal, loss weighting, branches, losses and metrics,
and the same of the arm that it follows. What counts of a module is said in `adsmtl.modules`.

The workflow asks for the code at every call, so nothing here but `of` loads torch.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adsmtl import modules
from adsmtl.dropout.difficulty import SIGNALS
from adsmtl.dropout.schedules import Adsmtl
from adsmtl.files import digest
from adsmtl.modules import PACKAGE
from adsmtl.study import AS_IT_IS, Arm, Run
from adsmtl.tasks.registry import BRANCHES, LOSSES, METRICS

if TYPE_CHECKING:
    from adsmtl.data.prepared import Prepared
    from adsmtl.training.device import Machine

# Where numbers are made: those of `metrics.json` and `history.jsonl`, of `test-time.json`, and of
# `affinity.json`.
TRAINED = "adsmtl.training.outcome"
DROPPED = "adsmtl.training.monte_carlo"
RELATED = "adsmtl.training.affinity"

# Where configuration finds what it names. A run has to do with what its own configuration names,
# so other entries change nothing.
TABLES = frozenset(
    {
        *("adsmtl.dropout.schedules", "adsmtl.dropout.difficulty"),
        *("adsmtl.weighting", "adsmtl.tasks.registry"),
    }
)
# They word errors and write files whole; no number comes from them.
SILENT = frozenset({"adsmtl.errors", "adsmtl.files"})
VIEWS = "adsmtl.data.views"  # counts for tasks that do not see their data as they are


def of(run: Run, prepared: "Mapping[str, Prepared]", machine: "Machine") -> dict[str, Any]:
    """The identity of a run, JSON-able: two runs of equal identity need not both be trained.

    Args:
        run: with the trajectory of the arm that it follows, if any.
        prepared: by task, for every task of the run's study.
    """
    return {
        "config_hash": run.config_hash,
        "data": {name: prepared[name].card["digest"] for name in run.study_tasks},
        "trajectory": None if run.trajectory is None else digest(list(run.trajectory)),
        "code": code(run),
        **kind(machine),
    }


def kind(machine: "Machine") -> dict[str, Any]:
    """What decides the last bits of a number beside code: machines of one kind give the same."""
    import torch

    return {
        "torch": torch.__version__,
        "device": machine.device.type,
        "precision": machine.precision,
        "threads": machine.threads,
    }


def code(run: Run, root: str = TRAINED, package: Path = PACKAGE) -> dict[str, str]:
    """Digest of every module that decides a run's numbers, by name.

    What configuration names bears the name of its class or function too, such as
    `adsmtl.tasks.losses:accuracy`.

    Args:
        root: where the numbers are made, `TRAINED`, `DROPPED` or `RELATED`.
        package: folder of the package.
    """
    named = _named(run.arm, run)
    if run.leader is not None:
        named |= _named(run.leader, run)
    return dict(modules.used(frozenset({root, *named}), package, TABLES, SILENT))


def code_of(runs: Iterable[Run], root: str = TRAINED, package: Path = PACKAGE) -> str:
    """One short digest of the code of several runs; arguments as for `code`."""
    found: dict[str, str] = {}
    for run in runs:
        found |= code(run, root, package)
    return digest(found)[: modules.LENGTH]


def _named(arm: Arm, run: Run) -> set[str]:
    """What the configuration of an arm names for a run, as `<module>:<class or function>`."""
    # Arms without a difficulty of their own are shown with the default signal.
    signal = SIGNALS[getattr(arm.dropout, "difficulty", Adsmtl.difficulty)]
    objects = (type(arm.dropout), type(arm.weighting), signal)
    found = {f"{own.__module__}:{own.__qualname__}" for own in objects}
    for task in (run.study_tasks[name] for name in run.tasks):
        found |= {BRANCHES[task.branch], LOSSES[task.loss], METRICS[task.metric]}
        if task.view != AS_IT_IS:
            found.add(VIEWS)
    return found
