"""Blocks of one study joined: seeds or arms trained on several machines, or on several days."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from adsmtl import outputs
from adsmtl.claims import records
from adsmtl.collected import chance, collect, diverged, predictions, provenance, reading
from adsmtl.collected.reading import Collected
from adsmtl.errors import UserError
from adsmtl.files import copy_file, sha256

ONE_MACHINE = (
    "the runs of a seed are compared with each other, so train them all on one kind of machine"
)
_RUN = ["arm", "seed"]


def pool(sources: Sequence[Path], target: Path) -> list[Path]:
    """Write the collected tables of several blocks as those of one study, and `listing.json`.

    Device and precision may differ between the seeds of a study, never within one. Of several
    records of the listing the first is taken, if possible of a block that had Keras.

    Args:
        sources: results folders or archives, each a block. One alone is taken up as it is, to be
            judged by the code of today.
        target: the folder to write below; nothing is collected there yet.

    Returns:
        The collected files.

    Raises:
        UserError: a table is missing or damaged, the blocks are not parts of one study (says in
            what they differ), two hold the same run, or a seed was trained on two kinds of machine.
    """
    if (target / outputs.COLLECTED).exists():
        raise UserError(f"{target / outputs.COLLECTED} exists; pool into another folder")
    blocks = [reading.load(source) for source in sources]
    for first, second in combinations(blocks, 2):
        _require_one_study(first, second)
    _require_distinct(blocks)
    if (mixed := provenance.mixed(*blocks)) is not None:
        raise UserError(f"{mixed}; {ONE_MACHINE}")
    whole = _joined(blocks, target)
    predictions.join(
        target / outputs.COLLECTED / outputs.PREDICTIONS,
        [source / outputs.COLLECTED / outputs.PREDICTIONS for source in sources],
        list(whole.planned),
    )
    written = collect.save(whole)
    tried = [(source, found) for source in sources if (found := records.listing(source))]
    if tried:
        source, _ = min(tried, key=lambda one: one[1].keras is None)
        copy_file(source / outputs.LISTING, target / outputs.LISTING)
    return written


def _joined(blocks: Sequence[Collected], target: Path) -> Collected:
    """All runs of the blocks, arms in the order of the plan and seeds ascending."""
    first, order = blocks[0], list(blocks[0].planned)

    def rows(name: str) -> pd.DataFrame:
        frames = [frame for block in blocks if len(frame := getattr(block, name))]
        whole = pd.concat(frames, ignore_index=True) if frames else getattr(first, name)
        place = whole["arm"].map(order.index)
        return (
            whole.assign(place=place)
            .sort_values(["place", "seed"], kind="stable")
            .drop(columns="place")
        )

    configs = {arm: own for block in blocks for arm, own in block.configs.items()}
    return replace(
        first,
        root=target,
        runs=rows("runs"),
        epochs=rows("epochs"),
        test_time=rows("test_time"),
        configs={arm: configs[arm] for arm in order if arm in configs},
        environments={key: own for block in blocks for key, own in block.environments.items()},
        study={
            "planned": first.planned,
            "blocks": [one for block in blocks for one in _described(block)],
            **diverged.joined([block.study for block in blocks]),
            **chance.joined([block.study for block in blocks]),
        },
    )


def _described(block: Collected) -> list[dict[str, Any]]:
    """The blocks of a block, or itself: how many runs, and the digest of their table."""
    table = block.root / outputs.COLLECTED / outputs.COLLECTED_FILES[0]
    own = {"seeds": block.seeds, "runs": len(block.per_run), "runs_sha256": sha256(table)}
    return block.study["blocks"] or [own]


def _require_one_study(first: Collected, second: Collected) -> None:
    """Refuse blocks whose runs of one arm would not be trained in the same way."""
    where = f"{first.root} and {second.root} are not blocks of one study"
    for what, one, two in (
        ("preset", provenance.preset(first), provenance.preset(second)),
        ("planned arms and seeds", first.planned, second.planned),
    ):
        if one != two:
            raise UserError(f"{where}: they differ in their {what}")
    code = [dict(block.per_run[["arm", "code"]].to_numpy()) for block in (first, second)]
    for arm in (arm for arm in first.configs if arm in second.configs):
        own, others = first.configs[arm], second.configs[arm]
        if own != others:
            raise UserError(f"{where}: {arm} differs in {_differing(own, others)}")
        if code[0][arm] != code[1][arm]:
            raise UserError(
                f"{where}: other code decided the numbers of {arm}; train both with one version"
            )
    digests = [
        {name: own["digest"] for name, own in provenance.data_sets(block).items()}
        for block in (first, second)
    ]
    for name in digests[0].keys() & digests[1].keys():
        if digests[0][name] != digests[1][name]:
            raise UserError(f"{where}: the prepared data of {name} differ")


def _differing(one: Mapping[str, Any], two: Mapping[str, Any], prefix: str = "") -> str:
    """The keys in which two configurations differ, with both values."""
    found = []
    for key in sorted(one.keys() | two.keys()):
        own, others = one.get(key), two.get(key)
        if isinstance(own, dict) and isinstance(others, dict):
            found.append(_differing(own, others, f"{prefix}{key}."))
        elif own != others:
            found.append(f"{prefix}{key} ({own} and {others})")
    return ", ".join(filter(None, found))


def _require_distinct(blocks: Sequence[Collected]) -> None:
    held = [
        (arm, seed, str(block.root))
        for block in blocks
        for arm, seeds in diverged.attempted(block).items()
        for seed in seeds
    ]
    runs = pd.DataFrame(held, columns=[*_RUN, "root"])
    twice = runs[runs.duplicated(_RUN, keep=False)]
    if len(twice):
        arm, seed = twice.iloc[0][_RUN]
        roots = twice.loc[(twice["arm"] == arm) & (twice["seed"] == seed), "root"]
        raise UserError(
            f"{' and '.join(roots)} overlap: both hold {arm} seed={seed}"
            f" ({twice.drop_duplicates(_RUN).shape[0]} runs in all); leave one of them out"
        )
