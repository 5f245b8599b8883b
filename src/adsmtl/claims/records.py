"""What single claims are judged from besides scores; `docs/formats.md` is the contract."""

from pathlib import Path

import pandas as pd
from pydantic import BaseModel

from adsmtl import outputs
from adsmtl.collected.test_time import OFF, ON
from adsmtl.files import read_json
from adsmtl.validation import checked

_SCORES = ["accuracy", "loss", "ece"]


class Defect(BaseModel):
    """One thing that is said to be wrong with the published listing.

    `reproduced` is None where the attempt could not decide it; `error` is the exception that ended
    the attempt, None where the defect raises none.
    """

    id: str
    what: str
    reproduced: bool | None
    error: str | None


class Listing(BaseModel):
    """Attempts to run the published listing; `keras` is None where they could not be made."""

    keras: str | None
    reason: str | None
    defects: list[Defect]


def test_time(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Every run's scores with all units on and with units dropped, side by side.

    Args:
        evaluated: as `collected.test_time.frame` returns it.

    Returns:
        One row per arm, seed and task: accuracy_off, loss_off, ece_off with all units on;
        accuracy_on, loss_on, ece_on with units dropped, mean over repeats; spread, the sd of
        accuracy_on over repeats (NaN for a single one). Losses are in nats, all others fractions.
    """
    keys = ["arm", "seed", "task"]
    off = evaluated[evaluated["policy"] == OFF].set_index(keys)[_SCORES]
    dropped = evaluated[evaluated["policy"] == ON].groupby(keys)
    joined = off.add_suffix("_off").join(dropped[_SCORES].mean().add_suffix("_on"))
    return joined.join(dropped["accuracy"].std().rename("spread")).reset_index()


def listing(root: Path) -> Listing | None:
    """What became of the published listing, or None where nobody has tried.

    Raises:
        UserError: the file is malformed; names file and key.
    """
    path = root / outputs.LISTING
    if not path.is_file():
        return None
    return checked(Listing, read_json(path), str(path), "delete it and run again")
