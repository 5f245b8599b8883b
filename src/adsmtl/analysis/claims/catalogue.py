"""Every claim that is judged by statistics, in the order of the ledger; C11 is `listing`."""

from adsmtl.analysis.claims.adaptation import BEATS_FIXED, DIFFICULTY_HELPS
from adsmtl.analysis.claims.objective import BALANCES
from adsmtl.analysis.claims.relatedness import RELATED_TASKS
from adsmtl.analysis.claims.test_time import CONSISTENT
from adsmtl.analysis.claims.transfer import GENERALISES, NEEDS_LESS_DATA
from adsmtl.analysis.claims.tuning import CHOICE_WORKS, OWN_STRATEGY, REGULARISES

CLAIMS = (
    GENERALISES,
    NEEDS_LESS_DATA,
    REGULARISES,
    BEATS_FIXED,
    DIFFICULTY_HELPS,
    CONSISTENT,
    CHOICE_WORKS,
    OWN_STRATEGY,
    RELATED_TASKS,
    BALANCES,
)
