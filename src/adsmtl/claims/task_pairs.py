"""C9: pairs of tasks of graded relatedness."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from adsmtl.analysis import contrasts, slope
from adsmtl.claims.claim import Aside, Claim, Ready, aside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.outcome import CORRELATION, NATS
from adsmtl.claims.wanted import Wanted

Pair = tuple[str, ...]


def trained(evidence: Evidence) -> list[Pair]:
    """Pairs of which the pair and each of its tasks alone have been trained."""
    alone = {tasks[0] for tasks in evidence.tasks_of(contrasts.ALONE)}
    pairs = evidence.tasks_of(contrasts.PAIR)
    return [pair for pair in pairs if len(pair) == 2 and alone.issuperset(pair)]


def _select(evidence: Evidence, needs: Sequence[Wanted]) -> list[str]:
    pairs = trained(evidence)
    if len(pairs) < slope.FEWEST:
        raise NotRun(
            f"no slope over fewer than {slope.FEWEST} pairs of tasks, and only {len(pairs)} have"
            f" been trained, with each of their tasks alone (preset {evidence.preset})"
        )
    together = [Wanted(contrasts.PAIR, tasks=pair) for pair in pairs]
    alone = [
        replace(one, role=contrasts.ALONE).alone(task) for one in together for task in one.tasks
    ]
    return evidence.find(*together, *alone)


def _table(evidence: Evidence) -> pd.DataFrame:
    found = contrasts.task_pairs(evidence.final, evidence.history)
    return found[found["tasks"].isin(["+".join(pair) for pair in trained(evidence)])]


def over_pairs(evidence: Evidence) -> slope.Slope:
    """Gain on affinity over the pairs that all seeds have.

    Raises:
        NotRun: fewer than two seeds, too few pairs with numbers, or the affinity of a finished run
            was not measured.
    """
    _require_measured(evidence)
    found = _table(evidence)
    affinity = found.pivot_table("affinity", "seed", "tasks", sort=False).dropna(axis=1)
    gain = found.pivot_table("gain", "seed", "tasks", sort=False).dropna(axis=1)
    common = [tasks for tasks in gain if tasks in affinity]
    seeds = gain.index.intersection(affinity.index).sort_values()
    if len(common) < slope.FEWEST or len(seeds) < 2:
        raise NotRun(
            f"no slope over fewer than {slope.FEWEST} pairs of tasks and 2 seeds, and only"
            f" {len(common)} pairs have gain and affinity in the same {len(seeds)} seeds (preset"
            f" {evidence.preset})"
        )
    return slope.crossed(affinity.loc[seeds, common], gain.loc[seeds, common])


def _require_measured(evidence: Evidence) -> None:
    """Refuse to leave out a pair, or a seed, only because a file is not there."""
    keys, history = ["arm", "seed"], evidence.history
    known = history[history["affinity"].notna()] if "affinity" in history else history.iloc[:0]
    measured = set(known[keys].itertuples(index=False, name=None)) if len(known) else set()
    pairs = evidence.final[evidence.final["role"] == contrasts.PAIR].drop_duplicates(keys)
    missing = [run for run in zip(pairs["arm"], pairs["seed"], strict=True) if run not in measured]
    if missing:
        arm, seed = missing[0]
        raise NotRun(
            f"no affinity of {len(missing)} of {len(pairs)} runs of pairs, the first {arm}"
            f" seed={seed}; run `adsmtl affinity` and collect again (preset {evidence.preset})"
        )


def _by_pair(evidence: Evidence) -> list[Aside]:
    line = over_pairs(evidence)
    found = [Aside("slope of the gain on the cosine", "nats per unit of cosine", line.slope)]
    for tasks, own in _table(evidence).groupby("tasks", sort=False):
        name, own = str(tasks).replace("+", " and "), own.set_index("seed")
        found += [
            aside(evidence, f"{name}: gain over single-task training", own["gain"], NATS),
            aside(evidence, f"{name}: cosine of the gradients", own["affinity"], "cosine"),
        ]
    return found


RELATED_TASKS = Claim(
    id="C9",
    claim="Multi-task learning serves all kinds of tasks, and related tasks gain more.",
    experiment=(
        "Pairs of tasks of graded relatedness, the pair as the unit: slope of what training"
        " together gains in test NLL on the cosine of the tasks' gradients on the shared layer"
        " in the first epoch, measured in other seeds; p by permuting the cosines over pairs."
    ),
    needs=(),
    parts=(
        Ready(
            "slope of the gain of training together on the cosine of the gradients, as a"
            " correlation",
            CORRELATION,
            over_pairs,
        ),
    ),
    asides=_by_pair,
    select=_select,
)
