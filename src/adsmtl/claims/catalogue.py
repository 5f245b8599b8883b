"""Every claim that is judged by statistics, in the order of the ledger; C11 is `listing`."""

from adsmtl.claims.adaptive import BEATS_FIXED, DIFFICULTY_HELPS
from adsmtl.claims.dropout_at_test import CONSISTENT
from adsmtl.claims.fixed_rates import CHOICE_WORKS, OWN_STRATEGY, REGULARISES
from adsmtl.claims.penalty import BALANCES
from adsmtl.claims.single_vs_multi import GENERALISES, NEEDS_LESS_DATA
from adsmtl.claims.task_pairs import RELATED_TASKS

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

# The claims that a preset was made to judge; any other preset judges all that its arms allow.
# Fewer claims in a family leave each with more power, so this is fixed beforehand.
OF_PRESET = {"full": ("C1", "C3", "C4", "C5")}
