"""Evaluations with units dropped at test time; `test-time.json` of `docs/formats.md`."""

from collections.abc import Sequence
from typing import Annotated

import pandas as pd
from pydantic import BaseModel, Field

from adsmtl.collected import ranges
from adsmtl.collected.run_folders import FinishedRun
from adsmtl.files import read_json
from adsmtl.validation import checked

FILE = "test-time.json"
OFF, ON = "off", "on"  # no unit dropped; units dropped at the file's rate


class _Scores(BaseModel):
    loss: Annotated[float, ranges.one("loss")]
    accuracy: Annotated[float, ranges.one("accuracy")]
    ece: Annotated[float, ranges.one("ece")]


class _Policies(BaseModel):
    off: _Scores
    on: list[_Scores] = Field(min_length=1)


class _Evaluation(BaseModel):
    rate: Annotated[float, ranges.one("rate")]
    passes: int
    repeats: int
    tasks: dict[str, _Policies]


def frame(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """One row per run, task, policy and repeat, in the order of `runs`.

    Runs without the file have no rows. Columns: arm, seed, task, rate (used at test
    time), passes (averaged in a repeat), policy (`OFF`, with one repeat, or `ON`), repeat,
    loss (nats), accuracy, ece (fractions).

    Raises:
        UserError: a file is malformed; names the file and the key.
    """
    rows = []
    for run in runs:
        path = run.folder / FILE
        if not path.is_file():
            continue
        found = checked(
            _Evaluation, read_json(path), str(path), "delete the file and evaluate again"
        )
        known = {"arm": run.arm, "seed": run.seed}
        known |= {"rate": found.rate, "passes": found.passes}
        for task, scores in found.tasks.items():
            repeats = [(OFF, 0, scores.off), *((ON, i, one) for i, one in enumerate(scores.on))]
            for policy, repeat, one in repeats:
                own = {"task": task, "policy": policy, "repeat": repeat}
                rows.append(known | own | one.model_dump())
    columns = ["arm", "seed", "rate", "passes", "task", "policy", "repeat"]
    return pd.DataFrame(rows, columns=[*columns, "loss", "accuracy", "ece"])
