"""What a reader has to know of single runs, a sentence for each kind of remark."""

from adsmtl.collected import chance, diverged
from adsmtl.collected.reading import Collected


def remarks(collected: Collected) -> list[str]:
    """Which runs diverged, and which came out at chance; nothing of a study without such runs."""
    return [one for one in (diverged.sentence(collected), chance.sentence(collected)) if one]
