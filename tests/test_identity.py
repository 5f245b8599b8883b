"""Which change of the code is a change of which run, tried in copies of the package."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from adsmtl import identity
from adsmtl.dropout.difficulty import SIGNALS
from adsmtl.dropout.schedules import SCHEDULES, Adsmtl, Concrete, Early, Fixed, Follow, PerTask
from adsmtl.study import Run, View
from adsmtl.tasks.registry import METRICS
from adsmtl.weighting import WEIGHTINGS, Uncertainty


def with_view(run: Run, view: View) -> Run:
    """The run, with images seen through a view."""
    vision = replace(run.study_tasks["vision"], view=view)
    return replace(run, study_tasks={**run.study_tasks, "vision": vision})


LEADER = tiny.run(Adsmtl(difficulty="validation-error"))
RUNS = {
    "none": tiny.run(),
    "vision": tiny.run(tasks=("vision",)),
    "fixed": tiny.run(Fixed(0.3)),
    "early": tiny.run(Early(0.3)),
    "adsmtl": tiny.run(Adsmtl()),
    "by error": LEADER,
    "follower": replace(tiny.run(Follow("by error", "swapped")), leader=LEADER.arm),
    "uncertainty": tiny.run(weighting=Uncertainty()),
    "rotated": with_view(tiny.run(tasks=("vision",)), View(inputs="rotated")),
}
EVERY = set(RUNS)
# Not copied: what comes after the runs.
LATER = (
    "__pycache__",
    "analysis",
    "claims",
    "collected",
    "figures",
    "report",
    "tables",
    "tracking",
)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """A copy of the package with one file edited, or made."""

    def edit(name: str, change: Callable[[str], str]) -> Path:
        package = tmp_path / "adsmtl"
        shutil.copytree(identity.PACKAGE, package, ignore=shutil.ignore_patterns(*LATER))
        path = package / name
        before = path.read_text() if path.exists() else ""
        path.write_text(change(before))
        assert path.read_text() != before
        return package

    return edit


def changed(package: Path, root: str = identity.TRAINED) -> set[str]:
    """The runs whose code is another in that package."""
    return {
        name
        for name, run in RUNS.items()
        if identity.code(run, root, package) != identity.code(run, root)
    }


def insert(text: str, after: str = "") -> Callable[[str], str]:
    """An edit that puts a line after the first line that contains `after`, or at the end."""

    def change(source: str) -> str:
        lines = source.splitlines()
        place = len(lines)
        if after:
            place = 1 + next(n for n, line in enumerate(lines) if after in line)
        return "\n".join([*lines[:place], text, *lines[place:], ""])

    return change


DOES = insert("CHANGED = True")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("training/engine.py", insert("    # A comment.", "def run_epoch")),
        ("training/objective.py", lambda text: text.replace('"""The objective', '"""Objective')),
        ("dropout/schedules/adaptive.py", lambda text: text.replace("it is", "it's") + "# end\n"),
        ("dropout/schedules/rate.py", lambda text: text.replace("drops a fifth", "drops 20 %")),
        ("running/progress.py", lambda text: text.replace("s left", "seconds left")),
        *((f"running/{name}.py", DOES) for name in ("session", "records", "predictions")),
        *((f"running/{name}.py", DOES) for name in ("estimate", "why")),
        ("training/capacity.py", DOES),
        ("training/monte_carlo.py", DOES),
        ("training/affinity.py", DOES),
        ("running/measuring.py", DOES),
        ("errors.py", DOES),
        ("files.py", DOES),
        ("cli.py", DOES),
        ("commands/training.py", DOES),
        ("identity.py", DOES),
        ("data/cards.py", DOES),
        ("__init__.py", lambda text: text.replace("0.", "9.")),
        ("dropout/schedules/cyclic.py", DOES),
        ("dropout/schedules/__init__.py", insert("from adsmtl.dropout.schedules.cyclic import X")),
        ("dropout/schedules/concrete.py", DOES),
        ("dropout/difficulty/__init__.py", insert('    "new": gradient_norm,', "SIGNALS: dict")),
        ("dropout/difficulty/gradient_norm.py", DOES),
        ("weighting/dynamic.py", DOES),
        ("tasks/registry.py", insert('    "new": "adsmtl.tasks.new:New",', "BRANCHES =")),
    ],
)
def test_what_decides_no_number_of_a_run_changes_none(
    edited: Callable, name: str, change: Callable
) -> None:
    assert changed(edited(name, change)) == set()


@pytest.mark.parametrize(
    "name",
    [
        *("rng.py", "study.py", "data/folds.py", "data/prepared.py", "dropout/masks.py"),
        *("dropout/sites.py", "tasks/base.py", "tasks/layers.py", "tasks/losses.py"),
        *(f"training/{name}.py" for name in ("adam", "batches", "device", "engine", "evaluation")),
        *(f"training/{name}.py" for name in ("learned", "model", "objective", "order", "outcome")),
        *("training/evaluator.py", "training/step.py"),
    ],
)
def test_what_every_run_goes_through_changes_all(edited: Callable, name: str) -> None:
    assert changed(edited(name, DOES)) == EVERY


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("dropout/schedules/adaptive.py", {"adsmtl", "by error", "follower"}),
        ("dropout/adsmtl.py", {"adsmtl", "by error", "follower"}),
        ("dropout/schedules/timed.py", {"early"}),
        ("dropout/schedules/follow.py", {"follower"}),
        ("dropout/schedules/fixed.py", {"none", "vision", "fixed", "uncertainty", "rotated"}),
        ("dropout/difficulty/validation_error.py", {"by error", "follower"}),
        # The signal that arms without a difficulty of their own are shown with.
        ("dropout/difficulty/loss_ratio.py", EVERY - {"by error"}),
        ("weighting/uncertainty.py", {"uncertainty"}),
        ("weighting/equal.py", EVERY - {"uncertainty"}),
        ("tasks/vision.py", EVERY),
        ("tasks/speech.py", EVERY - {"vision", "rotated"}),
        ("tasks/lstm.py", EVERY - {"vision", "rotated"}),
        *((f"data/views/{name}.py", {"rotated"}) for name in ("__init__", "base", "images")),
        ("data/speech/phones.py", {"rotated"}),  # in one table with what images can be
    ],
)
def test_what_configuration_names_changes_the_runs_that_name_it(
    edited: Callable, name: str, runs: set[str]
) -> None:
    assert changed(edited(name, DOES)) == runs


def test_an_entry_that_leads_elsewhere_changes_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one module too, whose digest is the same."""
    before = identity.code(RUNS["none"])
    monkeypatch.setitem(METRICS, "accuracy", "adsmtl.tasks.losses:top_five")
    after = identity.code(RUNS["none"])
    assert set(before) ^ set(after) == {
        "adsmtl.tasks.losses:accuracy",
        "adsmtl.tasks.losses:top_five",
    }


def test_evaluation_with_units_dropped_has_a_digest_of_its_own(edited: Callable) -> None:
    package = edited("training/monte_carlo.py", DOES)
    assert changed(package, identity.DROPPED) == EVERY
    for root, same in ((identity.TRAINED, True), (identity.DROPPED, False)):
        one, other = (identity.code_of(RUNS.values(), root, p) for p in (package, identity.PACKAGE))
        assert (one == other) is same


def test_one_digest_of_several_runs_changes_with_each_of_them(edited: Callable) -> None:
    package = edited("dropout/schedules/timed.py", DOES)
    for names, same in ((("none", "fixed"), True), (("none", "early"), False)):
        runs = [RUNS[name] for name in names]
        assert (identity.code_of(runs) == identity.code_of(runs, package=package)) is same


def everything() -> list[Run]:
    """Runs that use every schedule, signal and weighting between them."""
    schedules = [
        *(Concrete(), Early(0.1), Fixed(0.1), PerTask({}), Follow("x", "swapped")),
        *(Adsmtl(difficulty=name) for name in SIGNALS),
    ]
    assert {type(own).__module__ for own in schedules} == {
        kind.__module__ for kind in SCHEDULES.values()
    }
    return [
        *(tiny.run(own) for own in schedules),
        *(tiny.run(weighting=kind()) for kind in WEIGHTINGS.values()),
    ]


def test_every_module_that_training_loads_counts_for_some_run() -> None:
    """Reading the sources overlooks no import that Python itself follows."""
    script = (
        "import sys, adsmtl.training.outcome, adsmtl.tasks.vision, adsmtl.tasks.speech, "
        "adsmtl.tasks.losses\n"
        "print(*(n for n, m in sys.modules.items() if n.split('.')[0] == 'adsmtl' "
        "and not hasattr(m, '__path__')))"
    )
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True)
    found = {name.partition(":")[0] for run in everything() for name in identity.code(run)}
    assert set(loaded.split()) - identity.SILENT <= found


def test_the_code_of_a_run_is_known_without_torch() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tiny; from adsmtl import identity\n"
        "identity.code_of([tiny.run()]); sys.exit('torch' in sys.modules)"
    )
    support = Path(tiny.__file__).parent
    done = subprocess.run([sys.executable, "-c", script, str(support)], check=False)
    assert done.returncode == 0
