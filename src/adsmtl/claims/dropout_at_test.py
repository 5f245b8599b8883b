"""C6: units dropped at test time."""

import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import MAIN, NotRun, Study

ARMS = ("fixed-0.2", "adsmtl")


def _scores(study: Study) -> pd.DataFrame:
    """Means over arms and tasks in percent, by seed; of seeds that have all of them."""
    own = study.test_time[study.test_time["arm"].isin(ARMS) & study.test_time["task"].isin(MAIN)]
    by_seed = own.drop(columns=["arm", "task"]).groupby("seed")
    whole = by_seed.mean()[by_seed.size() == len(ARMS) * len(MAIN)]
    if whole.empty:
        raise NotRun(
            f"no seed of {' and '.join(ARMS)} that has been evaluated with units dropped at test"
            f" time (preset {study.preset})"
        )
    return 100 * whole


def _accuracy(study: Study) -> pd.Series:
    scores = _scores(study)
    return scores["accuracy_on"] - scores["accuracy_off"]


def _calibration(study: Study) -> pd.Series:
    scores = _scores(study)
    return scores["ece_off"] - scores["ece_on"]


def _spread(study: Study) -> list[Beside]:
    spread = _scores(study)["spread"]
    return [beside("sd of accuracy over repeats with units dropped (0 with all units on)", spread)]


CONSISTENT = Claim(
    id="C6",
    claim="A fixed dropout rate at test time gives consistent performance.",
    experiment=(
        "Test accuracy and expected calibration error with the probabilities of several passes"
        " at a fixed rate averaged, against one pass with all units on; mean over fixed 0.2 and"
        " ADSMTL and over the tasks. Consistent is read as: it costs neither accuracy nor"
        " calibration."
    ),
    arms=ARMS,
    parts=(
        Part("test accuracy with units dropped minus with all units on", _accuracy),
        Part("calibration error with all units on minus with units dropped", _calibration),
    ),
    beside=_spread,
)
