"""C9: pairs of tasks of graded relatedness."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from adsmtl.analysis import contrasts, slope, statistics
from adsmtl.claims.claim import Aside, Claim, Ready, aside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.outcome import CORRELATION, NATS
from adsmtl.claims.wanted import Wanted

Pair = tuple[str, ...]
_FEWEST_ALONE = 4  # pairs, for a correlation of their own


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
    """Gain on affinity over pairs, from the seeds that all of them have.

    Raises:
        NotRun: fewer than two seeds, too few pairs, or the affinity of a finished run was not
            measured.
    """
    return slope.crossed(*_measured(evidence))


def _measured(evidence: Evidence) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Affinity and gain: a row per seed that all pairs have, a column per pair."""
    _require_measured(evidence)
    found = _table(evidence)
    both = found.pivot_table(["affinity", "gain"], "seed", "tasks", sort=False).dropna()
    pairs = found["tasks"].nunique()
    if pairs < slope.FEWEST or len(both) < 2:
        raise NotRun(
            f"no slope over fewer than {slope.FEWEST} pairs of tasks and 2 seeds, and only"
            f" {pairs} pairs have gain and affinity, all of them in {len(both)} seeds (preset"
            f" {evidence.preset})"
        )
    names, both = found["tasks"].unique(), both.sort_index()
    return both["affinity"][names], both["gain"][names]


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


def _beside(evidence: Evidence) -> list[Aside]:
    return [*_over_all(evidence), *_by_pair(evidence)]


def _over_all(evidence: Evidence) -> list[Aside]:
    """What a reader has to know of the correlation: is there a gain at all, and what makes it?"""
    affinity, gain = _measured(evidence)
    line, pairs = slope.crossed(affinity, gain), list(gain)
    data = _data_of(evidence, pairs)
    alike = any(data.count(name) >= _FEWEST_ALONE for name in data)
    among, p = line.within(data) if alike else (None, None)
    mean = statistics.mean_interval(gain.mean().to_numpy())
    per_data = [
        Aside(
            f"correlation of the pairs on {name} alone",
            *_of_some(line, [one == name for one in data]),
        )
        for name in dict.fromkeys(data)
        if data.count(name) >= _FEWEST_ALONE
    ]
    tasks = [task for pair in pairs for task in pair.split("+")]
    without = [
        Aside(f"correlation without the {count} pairs of {task}", *_of_some(line, left))
        for task in dict.fromkeys(tasks)
        if (count := tasks.count(task)) > 1
        and sum(left := [task not in pair.split("+") for pair in pairs]) >= _FEWEST_ALONE
    ]
    return [
        Aside("slope of the gain on the cosine", "nats per unit of cosine", line.slope),
        Aside(
            "gain over single-task training, mean over pairs",
            *(NATS, mean.mean, mean.low, mean.high, mean.n),
        ),
        Aside("pairs that gain", "percent of the pairs", 100 * float((gain.mean() > 0).mean())),
        Aside("correlation among pairs on the same data", CORRELATION, among),
        Aside("p of it, cosines permuted among pairs on the same data", "probability", p),
        *per_data,
        *without,
        Aside(
            "reliability of the cosines: correlation of the halves of the seeds",
            *(CORRELATION, slope.Slope(*((half,) for half in line.affinity)).effect),
        ),
        Aside(
            "reliability of the gains: correlation of the halves of the seeds",
            *(CORRELATION, slope.Slope(*((half,) for half in line.gain)).effect),
        ),
    ]


def _of_some(
    line: slope.Slope, chosen: Sequence[bool]
) -> tuple[str, float, float | None, float | None, int]:
    """Unit, correlation, interval and number of some of the pairs."""
    own = line.of(chosen)
    return CORRELATION, own.effect, own.low, own.high, own.n


def _data_of(evidence: Evidence, pairs: Sequence[str]) -> list[str]:
    """By pair, the data sets of its tasks: `cifar10`, or `cifar10 and timit-sample`."""
    known = evidence.final.drop_duplicates("task").set_index("task")["dataset"]
    return [" and ".join(sorted({known[task] for task in pair.split("+")})) for pair in pairs]


def _by_pair(evidence: Evidence) -> list[Aside]:
    found = []
    for tasks, own in _table(evidence).groupby("tasks", sort=False):
        name, own = str(tasks).replace("+", " and "), own.set_index("seed")
        found += [
            aside(evidence, f"{name}: gain over single-task training", own["gain"], NATS),
            aside(evidence, f"{name}: cosine of the gradients", own["affinity"], "cosine"),
        ]
    return found


RELATED_TASKS = Claim(
    id="C9",
    claim="Related tasks gain more from multi-task learning.",
    experiment=(
        "Pairs of tasks of graded relatedness, the pair as the unit: slope of what training"
        " together gains in test NLL on the cosine of the tasks' gradients on the shared layer"
        " in the first epoch, measured in other seeds; p by permuting the cosines over pairs. That"
        " it serves all kinds of tasks, which the paper says too, is not tested: a gain can be a"
        " smaller loss, so the mean gain and how many pairs gain stand beside."
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
    asides=_beside,
    select=_select,
)
