"""Files beside the runs that single claims are judged from; `docs/formats.md` is the contract."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from adsmtl.collected.runs import Run
from adsmtl.errors import UserError
from adsmtl.files import read_json

TEST_TIME = "test-time.json"
LISTING = "listing.json"
_Model = TypeVar("_Model", bound=BaseModel)
_COLUMNS = ("accuracy_off", "accuracy_on", "ece_off", "ece_on", "spread")


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class _Scores(_Open):
    accuracy: float
    ece: float


class _Task(_Open):
    off: _Scores
    on: list[_Scores]


class _TestTime(_Open):
    tasks: dict[str, _Task]


class Defect(_Open):
    """One thing that is said to be wrong with the published listing.

    `error` is the exception that ended the attempt, None where the defect raises none.
    """

    id: str
    what: str
    reproduced: bool
    error: str | None


class Listing(_Open):
    """Attempts to run the published listing; `keras` is None where they could not be made."""

    keras: str | None
    reason: str | None
    defects: list[Defect]


def test_time(runs: Sequence[Run]) -> pd.DataFrame:
    """Evaluations with and without dropped units, of those runs that have them.

    Returns:
        One row per arm, seed and task: accuracy_off, ece_off with all units on; accuracy_on,
        ece_on with units dropped, mean over repeats; spread, the sd of accuracy_on over
        repeats (NaN for a single one). All are fractions.

    Raises:
        UserError: a file is malformed; names file and key.
    """
    rows = []
    for run in runs:
        path = run.folder / TEST_TIME
        if not path.is_file():
            continue
        for name, task in _read(_TestTime, path).tasks.items():
            if not task.on:
                raise UserError(f"{path}: tasks.{name}.on is empty; delete it and evaluate again")
            accuracy = np.array([repeat.accuracy for repeat in task.on])
            values = (
                task.off.accuracy,
                accuracy.mean(),
                task.off.ece,
                np.mean([repeat.ece for repeat in task.on]),
                accuracy.std(ddof=1) if len(accuracy) > 1 else np.nan,
            )
            rows.append((run.arm, run.seed, name, *map(float, values)))
    return pd.DataFrame(rows, columns=["arm", "seed", "task", *_COLUMNS])


def listing(root: Path) -> Listing | None:
    """What became of the published listing, or None where nobody has tried.

    Raises:
        UserError: the file is malformed; names file and key.
    """
    path = root / LISTING
    return _read(Listing, path) if path.is_file() else None


def _read(model: type[_Model], path: Path) -> _Model:
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {key}: {first['msg']}; delete it and run again") from error
