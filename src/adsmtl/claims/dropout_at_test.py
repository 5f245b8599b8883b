"""C6: units dropped at test time."""

import pandas as pd

from adsmtl.claims.claim import Beside, Claim, Part, beside
from adsmtl.claims.evidence import Evidence, NotRun
from adsmtl.claims.wanted import ADSMTL, MAIN, Wanted

NEEDS = (Wanted("fixed", value=0.2), ADSMTL)


def _scores(evidence: Evidence) -> pd.DataFrame:
    """Means over arms and tasks in percent, by seed; of seeds that have all of them."""
    arms = evidence.find(*NEEDS)
    own = evidence.test_time
    own = own[own["arm"].isin(arms) & own["task"].isin(MAIN)]
    by_seed = own.drop(columns=["arm", "task"]).groupby("seed")
    whole = by_seed.mean()[by_seed.size() == len(arms) * len(MAIN)]
    if whole.empty:
        raise NotRun(
            f"no seed of {' and '.join(arms)} that has been evaluated with units dropped at test"
            f" time (preset {evidence.preset})"
        )
    return 100 * whole


def _accuracy(evidence: Evidence) -> pd.Series:
    scores = _scores(evidence)
    return scores["accuracy_on"] - scores["accuracy_off"]


def _calibration(evidence: Evidence) -> pd.Series:
    scores = _scores(evidence)
    return scores["ece_off"] - scores["ece_on"]


def _spread(evidence: Evidence) -> list[Beside]:
    spread = _scores(evidence)["spread"]
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
    needs=NEEDS,
    parts=(
        Part("test accuracy with units dropped minus with all units on", _accuracy),
        Part("calibration error with all units on minus with units dropped", _calibration),
    ),
    beside=_spread,
)
