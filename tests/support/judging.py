"""Frames of a whole study for the judge, drawn with planted means or given by hand.

Arms are named and described here as the protocol describes them, whatever the configuration says,
because claims ask for arms by what they are.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from adsmtl.analysis import measures
from adsmtl.claims import records
from adsmtl.claims.evidence import Evidence
from adsmtl.collected.reading import Collected

TASKS = ("vision", "speech")
RATES = (0.1, 0.2, 0.3, 0.5)
NOTHING = pd.DataFrame()
FOLDS = 4


def _fact(arm, role, tasks=TASKS, **more):
    default = {"family": None, "tunable": None, "zero": None, "train_fraction": 1.0}
    named = {"arm": arm, "label": arm.replace("-", " "), "role": role, "tasks": "+".join(tasks)}
    group = {"group": "main", "group_title": "Main", "baseline": None}
    return named | group | default | more


def _facts() -> Iterable[dict]:
    for task in TASKS:
        yield _fact(f"single-{task}-none", "no-dropout", (task,))
        for rate in RATES:
            family = f"single-{task}-fixed"
            yield _fact(f"{family}-{rate}", "fixed", (task,), family=family, tunable=rate)
    yield _fact("none", "no-dropout")
    for trial, rate in enumerate(RATES, start=1):
        yield _fact(f"fixed-{rate}", "fixed", family="fixed", tunable=rate)
        yield _fact(f"per-task-{trial}", "per-task", family="per-task", tunable=trial)
        yield _fact(f"adsmtl-{rate}", "adsmtl", family="adsmtl", tunable=rate)
    for control in ("borrowed", "swapped", "matched-mean", "reversed"):
        yield _fact(control, control)
    for value in ("1e-5", "1e-4", "1e-3"):
        yield _fact(f"l2-{value}", "l2", family="l2", tunable=float(value), zero="none")
    for share in (0.1, 0.25, 0.5):
        for of, tasks in (("none", TASKS), *((f"single-{one}", (one,)) for one in TASKS)):
            arm = f"{of}-{100 * share:g}pct"
            yield _fact(arm, "no-dropout", tasks, train_fraction=share)


FACTS = {fact["arm"]: fact for fact in _facts()}
Values = Mapping[str, Sequence[Sequence[float]]]  # by arm, then by task, then by seed


def pair_facts(pairs: Sequence[tuple[str, str]]) -> dict[str, dict]:
    """Arms of these pairs of tasks, and of each of their tasks alone."""
    alone = dict.fromkeys(task for pair in pairs for task in pair)
    made = [_fact(f"pair-{a}-{b}", "pair", (a, b)) for a, b in pairs]
    made += [_fact(f"pair-single-{task}", "pair-single", (task,)) for task in alone]
    return {fact["arm"]: fact for fact in made}


def runs(
    test: Values,
    val: Values | None = None,
    gap: Values | None = None,
    loss: Values | None = None,
    facts: Mapping[str, dict] = FACTS,
) -> pd.DataFrame:
    """Collected runs; accuracies and gaps in percent, losses in nats.

    What is not given: validation accuracies and gaps are the test accuracies, losses 1, and the
    last three epochs as the last. Fewer seeds than folds are all of one fold.
    """
    made = []
    for arm, by_task in test.items():
        for t, (task, by_seed) in enumerate(
            zip(facts[arm]["tasks"].split("+"), by_task, strict=True)
        ):
            folds = FOLDS if len(by_seed) >= FOLDS else 1
            for seed, value in enumerate(by_seed):
                validation = (val or {}).get(arm, by_task)[t][seed] / 100
                nll = float((loss or {})[arm][t][seed]) if arm in (loss or {}) else 1.0
                made.append(
                    facts[arm]
                    | {"seed": seed, "fold": seed % folds, "task": task, "preset": "study"}
                    | {"classes": {"vision": 10, "speech": 61}.get(task, 5), "l2": 0.0}
                    | {"schedule": "none", "rate": None, "site": "all", "dataset": task}
                    | {"test_accuracy": value / 100, "test_accuracy_last3": value / 100}
                    | {"val_accuracy": validation, "val_accuracy_last3": validation}
                    | {"test_loss": nll, "test_loss_last3": nll}
                    | {"gap": (gap or {}).get(arm, by_task)[t][seed] / 100}
                )
    return pd.DataFrame(made)


def study(
    test: Values,
    *more: Values,
    history: pd.DataFrame = NOTHING,
    test_time: pd.DataFrame = NOTHING,
    choice: measures.Choice = measures.choose_on_other_seeds,
    facts: Mapping[str, dict] = FACTS,
    **named: Values,
) -> Evidence:
    """Evidence of `runs`."""
    final = measures.with_chosen(runs(test, *more, facts=facts, **named), choice)
    return Evidence(final, history, test_time, None, "study", False)


def drawn(
    arms: Iterable[str],
    seeds: int,
    effect: Callable[[str, str], float],
    sd: float = 0.3,
    start: int = 0,
) -> dict[str, list[list[float]]]:
    """Accuracies in percent: 50 + fold + effect(arm, task) + noise, which is always the same."""
    made = {}
    for arm in arms:
        made[arm] = [
            [
                50
                + 3 * (seed % FOLDS)
                + effect(arm, task)
                + sd * np.random.default_rng([seed, start, *arm.encode(), *task.encode()]).normal()
                for seed in range(seeds)
            ]
            for task in FACTS[arm]["tasks"].split("+")
        ]
    return made


def evaluations(
    arms: Iterable[str], seeds: int, accuracy: float, loss: float, sd: float = 0.001
) -> pd.DataFrame:
    """Collected evaluations at test time: units dropped change accuracy and NLL by as much."""
    made = []
    for arm in arms:
        for seed in range(seeds):
            draw = np.random.default_rng([seed, *arm.encode()])
            for task in TASKS:
                known = {"arm": arm, "seed": seed, "task": task, "rate": 0.2, "passes": 20}
                made.append(
                    known
                    | {"policy": "off", "repeat": 0, "loss": 1.0, "accuracy": 0.5, "ece": 0.05}
                )
                step = sd * draw.normal()
                for repeat, sign in enumerate((1, -1)):
                    made.append(
                        known
                        | {"policy": "on", "repeat": repeat, "ece": 0.04}
                        | {"accuracy": 0.5 + accuracy + step + sign * 0.002}
                        | {"loss": 1.0 + loss + step}
                    )
    return pd.DataFrame(made)


def difficulty(arm: str, seeds: int, losses: Mapping[str, float], epochs: int = 3) -> pd.DataFrame:
    """Epochs of one arm with the same validation loss in every epoch."""
    return pd.DataFrame(
        {"arm": arm, "seed": seed, "epoch": epoch, "task": task, "val_loss": loss}
        for seed in range(seeds)
        for epoch in range(1, epochs + 1)
        for task, loss in losses.items()
    )


def at_test_time(frame: pd.DataFrame) -> pd.DataFrame:
    """As `records.test_time` returns it."""
    return records.test_time(frame)


def collected(
    root: Path, frame: pd.DataFrame, epochs: pd.DataFrame, test_time: pd.DataFrame
) -> Collected:
    """The collected tables as if they had been read."""
    environment = {"device": {}, "versions": {}, "code": {}, "data": {"set": {"embedded": False}}}
    planned = {arm: sorted(set(own)) for arm, own in frame.groupby("arm", sort=False)["seed"]}
    study = {"planned": planned, "blocks": []}
    return Collected(root, frame, epochs, test_time, {}, {"one": environment}, study)
