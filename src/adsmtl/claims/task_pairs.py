"""C9: pairs of tasks of graded relatedness."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from adsmtl.analysis import contrasts
from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.wanted import MAIN, NO_DROPOUT, Wanted

FEWEST = 3  # two points always lie on a line
Pair = tuple[str, str]


def _needs(pair: Pair) -> tuple[Wanted, ...]:
    """The arm that trains a pair of tasks, and those that train each alone."""
    together = replace(NO_DROPOUT, tasks=pair)
    return together, *(together.alone(task) for task in pair)


def trained(evidence: Evidence) -> list[Pair]:
    """Pairs of which the pair and each of its tasks alone have been trained; the main one last."""
    tasks = evidence.tasks_of(NO_DROPOUT.role)
    alone = {own[0] for own in tasks if len(own) == 1}
    pairs = [own for own in tasks if len(own) == 2 and alone.issuperset(own)]
    return sorted(pairs, key=lambda pair: set(pair) == set(MAIN))


def _select(evidence: Evidence, needs: Sequence[Wanted]) -> list[str]:
    pairs = trained(evidence)
    if len(pairs) < FEWEST:
        raise NotRun(
            f"no correlation over fewer than {FEWEST} pairs of tasks, and only {len(pairs)} have"
            f" been trained, with each of their tasks alone (preset {evidence.preset})"
        )
    return evidence.find(*(wanted for pair in pairs for wanted in _needs(pair)))


def _by_seed(evidence: Evidence) -> dict[Pair, pd.DataFrame]:
    """Of every pair, by seed, its gain in points and the cosine of its tasks' gradients."""
    found = contrasts.task_pairs(evidence.final, evidence.history)
    found = found.assign(gain=100 * found["gain"])
    return {
        pair: found[found["tasks"] == "+".join(pair)].set_index("seed").sort_index()
        for pair in trained(evidence)
    }


def _correlation(evidence: Evidence) -> pd.Series:
    """Spearman's correlation over pairs, by seed; absent where all gains or cosines are equal."""
    found = _by_seed(evidence)
    gains = pd.DataFrame({pair: own["gain"] for pair, own in found.items()}).dropna()
    cosines = pd.DataFrame({pair: own["cosine"] for pair, own in found.items()}).dropna()
    return gains.rank(axis=1).corrwith(cosines.rank(axis=1), axis=1).dropna()


def _by_pair(evidence: Evidence) -> list[Beside]:
    found = []
    for pair, own in _by_seed(evidence).items():
        name = " and ".join(pair)
        found += [
            beside(f"{name}: gain over single-task training", own["gain"]),
            beside(f"{name}: cosine of the gradients", own["cosine"], "cosine"),
        ]
    return found


RELATED_TASKS = Claim(
    id="C9",
    claim="Multi-task learning serves all kinds of tasks, and related tasks gain more.",
    experiment=(
        "Pairs of tasks of graded relatedness: Spearman's correlation over the pairs between"
        " the gain of training together and the cosine of the tasks' gradients on the shared"
        " layer, at every seed."
    ),
    needs=(),
    parts=(
        Part(
            "correlation over pairs of tasks between the gain of training together and the"
            " cosine of the gradients",
            _correlation,
            unit="Spearman correlation",
        ),
    ),
    beside=_by_pair,
    select=_select,
)
