"""The specification curve: one effect for every way in which the strategy could have been set."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from adsmtl.analysis.paired import Paired


def curve(
    final: pd.DataFrame,
    configs: Mapping[str, Mapping[str, Any]],
    arms: Sequence[str],
    baselines: Mapping[str, str],
    reference: str,
    column: str = "test_accuracy",
) -> pd.DataFrame:
    """Every arm minus its baseline, mean over tasks, and on which axes it differs from `reference`.

    Args:
        final: as `collect.runs_frame` returns it.
        configs: by arm, the configuration of its runs (`Collected.configs`).
        arms: of the multiverse.
        baselines: by arm, what it is compared with, such as the fixed rate 0.2 at the same site.
        reference: the arm whose settings the axes start from, such as ADSMTL with p0 0.2.
        column: of `final`.

    Returns:
        One row per arm, by rising effect: arm, label, n, effect, ci_low, ci_high (fractions,
        stratified by fold), axes (names, joined by ", "; empty for `reference`), and `settings`, a
        text such as "dropout.kappa = 2.0". Arms without a seed in common with their
        baseline are left out.
    """
    means = final.groupby(["arm", "seed"])[column].mean()
    folds = final.drop_duplicates("seed").set_index("seed")["fold"]
    labels = final.drop_duplicates("arm").set_index("arm")["label"]
    start = dict(_settings(configs[reference]["arm"]))
    rows = []
    for arm in arms:
        if arm not in labels or baselines.get(arm) not in labels:
            continue
        difference = (means[arm] - means[baselines[arm]]).dropna()
        if difference.empty:
            continue
        one = Paired(tuple(difference), tuple(folds.loc[difference.index]))
        own = dict(_settings(configs[arm]["arm"]))
        changed = {key: own.get(key) for key in start | own if own.get(key) != start.get(key)}
        rows.append(
            {
                "arm": arm,
                "label": labels[arm],
                "n": one.n,
                "effect": one.effect,
                "ci_low": one.low,
                "ci_high": one.high,
                "axes": ", ".join(changed),
                "settings": "; ".join(f"{key} = {value}" for key, value in changed.items()),
            }
        )
    names = ["arm", "label", "n", "effect", "ci_low", "ci_high", "axes", "settings"]
    return pd.DataFrame(rows, columns=names).sort_values("effect", kind="stable")


def _settings(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of a nested configuration, named `dropout.kappa`."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
