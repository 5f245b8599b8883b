"""C9: pairs of tasks of graded relatedness."""

from collections.abc import Sequence

import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import NotRun, Study

# arm that trains the pair: its tasks
PAIRS = {
    "pair-vision-superclass": ("vision", "superclass"),
    "pair-speech-manner": ("speech", "manner"),
    "pair-speech-sex": ("speech", "sex"),
    "none": ("vision", "speech"),
}
FEWEST = 3  # two points always lie on a line


def _arms(pair: str) -> tuple[str, ...]:
    return (pair, *(f"single-{task}-none" for task in PAIRS[pair]))


def _trained(study: Study) -> list[str]:
    """Pairs of which the pair and each of its tasks alone have been trained."""
    return [pair for pair in PAIRS if not study.missing(_arms(pair))]


def _select(study: Study, arms: Sequence[str]) -> Sequence[str]:
    pairs = _trained(study)
    if len(pairs) < FEWEST:
        raise NotRun(
            f"no correlation over fewer than {FEWEST} pairs of tasks, and {len(pairs)} can be had:"
            f" no finished run of {', '.join(study.missing(arms))} (preset {study.preset})"
        )
    used = {arm for pair in pairs for arm in _arms(pair)}
    return [arm for arm in arms if arm in used]


def _gain(study: Study, pair: str) -> pd.Series:
    """Accuracy of the pair minus that of its tasks alone, mean over its tasks, in points."""
    tasks = PAIRS[pair]
    gains = [study.score(pair, task) - study.score(f"single-{task}-none", task) for task in tasks]
    return 100 * sum(gains) / len(gains)


def _cosine(study: Study, pair: str) -> pd.Series:
    """Cosine of the two tasks' gradients on the shared layer, mean over epochs."""
    history = study.history[study.history["arm"] == pair]
    return history.groupby("seed")["cosine"].mean().astype(float)


def _correlation(study: Study) -> pd.Series:
    """Spearman's correlation over pairs, by seed; absent where all gains or cosines are equal."""
    pairs = _trained(study)
    gains = pd.DataFrame({pair: _gain(study, pair) for pair in pairs}).dropna()
    cosines = pd.DataFrame({pair: _cosine(study, pair) for pair in pairs}).dropna()
    return gains.rank(axis=1).corrwith(cosines.rank(axis=1), axis=1).dropna()


def _by_pair(study: Study) -> list[Beside]:
    found = []
    for pair in _trained(study):
        name = " and ".join(PAIRS[pair])
        found += [
            beside(f"{name}: gain over single-task training", _gain(study, pair)),
            beside(f"{name}: cosine of the gradients", _cosine(study, pair), "cosine"),
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
    arms=tuple(dict.fromkeys(arm for pair in PAIRS for arm in _arms(pair))),
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
