"""Says of two results what is equal, and what differs by more than chance explains.

Runs of the same arm and seed are compared number by number, and what is not equal there by tests.
Four answers:

- **identical**: every score and every epoch of the common seeds is equal, bit by bit;
- **rounding**: after the last epoch, and as means of the last three, losses agree to `LOSS` of
  their size, and accuracies to `EXAMPLES` of the examples, at least one;
- **noise**: p is above `LEVEL`, Holm-corrected over all that is tested here. Two or more common
  seeds are paired by t. Else the means over all seeds are compared: by Welch's t test of the arm
  and by Student's with the variance between seeds pooled over all arms of the task; the larger p
  counts, because arms of one seed are alike and not all arms are equally noisy;
- **different**: p is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from adsmtl.analysis import statistics
from adsmtl.collected import provenance
from adsmtl.collected.reading import Collected
from adsmtl.study import LAST

IDENTICAL, ROUNDING, NOISE, DIFFERENT, UNKNOWN = (
    *("identical", "rounding", "noise", "different"),
    "not comparable",
)
LOSS = 1e-4
EXAMPLES = 1e-4
LEVEL = 0.05
MEASURES = ("test_accuracy", "test_loss")
_LAST = f"_last{LAST}"
_ROUNDED = (*((split, "") for split in ("train", "val", "test")), ("val", _LAST), ("test", _LAST))
# Names, times and origins: they are compared apart, or not at all.
_PAIR = ["arm", "task"]
_Pair = tuple[str, str]
_NOT_SCORES = (
    *("label", "group", "group_title", "baseline", "role", "family", "tunable", "zero", "preset"),
    *("tasks", "environment", "config_hash", "code"),
    *("seconds", "seconds_total", "seconds_per_epoch", "examples_per_second"),
    *("metrics_sha256", "history_sha256", "predictions_sha256"),
)


@dataclass(frozen=True)
class Row:
    """One arm and task of two results.

    Attributes:
        answer: `IDENTICAL`, `ROUNDING`, `NOISE`, `DIFFERENT` or `UNKNOWN`.
        seeds: how many each has, and how many they have in common.
        difference: by measure, second minus first mean over the seeds; in the unit of the table.
        p: by measure, corrected; None where it was not tested.
    """

    arm: str
    task: str
    answer: str
    seeds: tuple[int, int, int]
    difference: Mapping[str, float]
    p: Mapping[str, float | None]


@dataclass(frozen=True)
class Comparison:
    """What two results have in common, arm by arm; what they came from; and what one lacks.

    Attributes:
        rows: of the arms and tasks that both have, in the order of the first.
        origin: what differs in configuration, data, code, machine and versions, in words.
        alone: arms, tasks and seeds that only one of them has, in words.
    """

    rows: list[Row]
    origin: list[str]
    alone: list[str]

    @property
    def agree(self) -> bool:
        """Whether nothing differs by more than chance explains, and something was compared."""
        return bool(self.rows) and all(row.answer in _AGREEING for row in self.rows)


_AGREEING = (IDENTICAL, ROUNDING, NOISE)


def compare(first: Collected, second: Collected) -> Comparison:
    """Compare the runs of two results; see the head of this module."""
    sides = _Side(first), _Side(second)
    pairs = [pair for pair in sides[0].runs if pair in sides[1].runs]
    near = {pair: _near(sides, pair) for pair in pairs}
    p = _tested(sides, [pair for pair in pairs if near[pair] is None])
    rows = []
    for pair in pairs:
        one, two = (own.runs[pair] for own in sides)
        tested = {name: p.get((*pair, name)) for name in MEASURES}
        answer = near[pair]
        if answer is None and None in tested.values():
            answer = UNKNOWN
        elif answer is None:
            answer = NOISE if min(tested.values()) > LEVEL else DIFFERENT
        common = len(set(one["seed"]) & set(two["seed"]))
        difference = {name: float(two[name].mean() - one[name].mean()) for name in MEASURES}
        rows.append(Row(*pair, answer, (len(one), len(two), common), difference, tested))
    return Comparison(rows, list(_origin(first, second)), list(_alone(sides)))


class _Side:
    """One of the results: its runs and epochs by arm and task, in its order."""

    def __init__(self, collected: Collected) -> None:
        self.root, self.configs = collected.root, collected.configs
        self.trained = collected.trained
        self.runs = dict(list(collected.runs.groupby(_PAIR, sort=False)))
        self.epochs = dict(list(collected.epochs.groupby(_PAIR, sort=False)))


def _near(sides: tuple[_Side, _Side], pair: _Pair) -> str | None:
    """`IDENTICAL` or `ROUNDING` where all common seeds agree so well, else None."""
    seeds = set.intersection(*(set(own.runs[pair]["seed"]) for own in sides))
    if not seeds:
        return None
    one, two = (_scores(own.runs[pair], seeds) for own in sides)
    if one.equals(two):
        epochs, others = (_scores(own.epochs.get(pair), seeds, "epoch") for own in sides)
        if epochs.equals(others):
            return IDENTICAL
    sizes = sides[0].runs[pair].set_index("seed").loc[one.index]
    for split, last in _ROUNDED:
        loss, accuracy = (f"{split}_{measure}{last}" for measure in ("loss", "accuracy"))
        examples = sizes[f"examples_{split}"].to_numpy()
        if split == "train":
            evaluated = sides[0].configs[pair[0]]["training"]["eval_train"]
            examples = np.minimum(examples, evaluated)
        allowed = np.maximum(1, EXAMPLES * examples) / examples + 1e-12
        losses, accuracies = (np.abs(two[name] - one[name]) for name in (loss, accuracy))
        if (losses > LOSS * np.abs(one[loss])).any() or (accuracies > allowed).any():
            return None
    return ROUNDING


def _scores(frame: pd.DataFrame | None, seeds: set[int], *more: str) -> pd.DataFrame:
    """Numbers of one arm and task by seed, in an order of columns that two tables share."""
    if frame is None:
        return pd.DataFrame()
    own = frame[frame["seed"].isin(seeds)]
    dropped = [name for name in (*_PAIR, *_NOT_SCORES) if name in own]
    own = own.drop(columns=dropped).dropna(axis="columns", how="all")
    return own.set_index(["seed", *more]).sort_index().sort_index(axis="columns")


def _tested(
    sides: tuple[_Side, _Side], pairs: Sequence[_Pair]
) -> dict[tuple[str, str, str], float]:
    """Corrected p, by arm, task and measure; nothing of what no spread between seeds is known."""
    found: dict[tuple[str, str, str], float] = {}
    pooled = cache(partial(_pooled, sides))
    for arm, task in pairs:
        one, two = (own.runs[arm, task].set_index("seed") for own in sides)
        common = one.index.intersection(two.index)
        for name in MEASURES:
            if len(common) > 1:
                apart = (two.loc[common, name] - one.loc[common, name]).to_numpy()
                p = _p(apart.mean(), apart.var(ddof=1) / len(apart), len(apart) - 1)
            else:
                p = _of_means(one[name], two[name], *pooled(task, name))
            if p is not None:
                found[arm, task, name] = p
    return dict(zip(found, statistics.holm(list(found.values())), strict=True)) if found else {}


def _of_means(one: pd.Series, two: pd.Series, variance: float, degrees: int) -> float | None:
    """The larger p of the test with a known variance between seeds and of that of the arm alone."""
    if not degrees:
        return None
    difference, sizes = two.mean() - one.mean(), (len(one), len(two))
    p = _p(difference, variance * sum(1 / size for size in sizes), degrees)
    spread = [own.var(ddof=1) if len(own) > 1 else None for own in (one, two)]
    if None not in spread:
        squares = [own / size for own, size in zip(spread, sizes, strict=True)]
        total = sum(squares)
        parts = sum(own**2 / (size - 1) for own, size in zip(squares, sizes, strict=True))
        p = max(p, _p(difference, total, total**2 / parts if parts else 1))
    elif any(own is not None for own in spread):  # Student's, with the one spread that is known
        (own,) = [own for own in spread if own is not None]
        p = max(p, _p(difference, own * sum(1 / size for size in sizes), max(sizes) - 1))
    return p


def _pooled(sides: tuple[_Side, _Side], task: str, name: str) -> tuple[float, int]:
    """Variance between seeds, and its degrees of freedom."""
    total, degrees = 0.0, 0
    for own in (runs for side in sides for (_, of), runs in side.runs.items() if of == task):
        total += float(((own[name] - own[name].mean()) ** 2).sum())
        degrees += len(own) - 1
    return (total / degrees, degrees) if degrees else (0.0, 0)


def _p(difference: float, squared: float, degrees: float) -> float:
    """Two-sided p of a difference with this squared standard error."""
    from scipy import stats  # takes seconds to load

    if squared == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * stats.t.sf(abs(difference) / squared**0.5, degrees))


def _origin(first: Collected, second: Collected) -> Iterator[str]:
    if provenance.preset(first) != provenance.preset(second):
        yield f"preset: {provenance.preset(first)} and {provenance.preset(second)}"
    one, two = (own.per_run.drop_duplicates("arm").set_index("arm") for own in (first, second))
    common = [arm for arm in one.index if arm in two.index]
    for what, values in (
        ("the configuration", (first.configs, second.configs)),
        ("the code that decides numbers", (one["code"], two["code"])),
    ):
        differ = [arm for arm in common if values[0].get(arm) != values[1].get(arm)]
        if differ:
            yield f"{what} differs in {len(differ)} of {len(common)} arms: {_few(differ)}"
    data = [provenance.data_sets(own) for own in (first, second)]
    for name in sorted(data[0].keys() | data[1].keys()):
        digests = [own[name]["digest"][:12] if name in own else "absent" for own in data]
        if digests[0] != digests[1]:
            yield f"data {name}: {digests[0]} and {digests[1]}"
    for what in ("device", "versions"):
        sets = [_listed(own, what) for own in (first, second)]
        for key in sorted(sets[0].keys() | sets[1].keys()):
            values = [", ".join(sorted(own.get(key, {"absent"}))) for own in sets]
            if values[0] != values[1]:
                yield f"{what} {key}: {values[0]} and {values[1]}"


def _listed(own: Collected, what: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for environment in own.environments.values():
        for key, value in (environment.get(what) or {}).items():
            found.setdefault(key, set()).add(str(value))
    return found


def _alone(sides: tuple[_Side, _Side]) -> Iterator[str]:
    for one, two in (sides, sides[::-1]):
        here, there = one.trained, two.trained
        arms = [arm for arm in here if arm not in there]
        if arms:
            yield f"only {one.root} has {len(arms)} arms: {_few(arms)}"
        tasks = [" ".join(pair) for pair in one.runs if pair[0] in there and pair not in two.runs]
        if tasks:
            yield f"only {one.root} has {_few(tasks)}"
        seeds = [
            f"{arm} seed={seed}"
            for arm, own in here.items()
            if arm in there
            for seed in own
            if seed not in there[arm]
        ]
        if seeds:
            yield f"only {one.root} has {len(seeds)} runs of common arms: {_few(seeds)}"


def _few(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def lines(found: Comparison, names: tuple[Any, Any]) -> Iterator[str]:
    """The comparison for people; differences are second minus first.

    Args:
        names: of the two results.
    """
    yield f"{names[1]} against {names[0]}"
    yield from found.origin
    yield from found.alone
    for answer in (IDENTICAL, ROUNDING, NOISE, DIFFERENT, UNKNOWN):
        rows = [row for row in found.rows if row.answer == answer]
        if rows:
            yield f"{answer}: {len(rows)} of {len(found.rows)} (arms by task)"
        if answer in (IDENTICAL, ROUNDING):
            continue
        for row in rows:
            points = 100 * row.difference["test_accuracy"]
            yield (
                f"  {row.arm}, {row.task}: accuracy {points:+.2f} points (p {_shown(row, 0)}), "
                f"loss {row.difference['test_loss']:+.4f} nats (p {_shown(row, 1)}); seeds: "
                f"{row.seeds[0]} and {row.seeds[1]}, {row.seeds[2]} in common"
            )


def _shown(row: Row, measure: int) -> str:
    p = row.p[MEASURES[measure]]
    return "unknown, no arm has two seeds" if p is None else f"{p:.2g}"
