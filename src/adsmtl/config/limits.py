"""What a name, a label and a number of the configuration may be.

Names become names of folders, files and rules; labels stand in CSV, LaTeX and HTML. Limits of
numbers are far beyond what a study needs: they are for slips of the hand.
"""

import re

from adsmtl.errors import UserError
from adsmtl.study import TestTime, Training

NAME_LENGTH = 100  # of 255 bytes that a file system allows; others are added
LABEL_LENGTH = 200
SEEDS = 10_000
FIRST_SEED = 999_999
EPOCHS = 100_000
BATCH = 1_000_000
EVALUATED = 1_000_000_000
REPEATED = 100_000
THREADS = 1024
REPLICAS = 1024
GPUS = 100_000
RUNS = 1_000_000
FRACTION = 1e-4


def name(text: str, where: str, what: str) -> str:
    """`text`, if it can be the name of a folder, a file and a rule.

    Args:
        where: the file, and the key within it.
        what: it names, such as `arm`.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise UserError(
            f"{where}: the {what} {_shown(text)} would be no folder name; "
            "use letters, digits, . _ and -"
        )
    if len(text) > NAME_LENGTH:
        raise UserError(
            f"{where}: the {what} {_shown(text)} has {len(text)} characters; "
            f"give at most {NAME_LENGTH}"
        )
    return text


def label(text: str, where: str) -> str:
    """`text`, if it can stand in a table: one line that no spreadsheet takes for a formula."""
    if not text.strip() or not text.isprintable():
        raise UserError(f"{where} is {_shown(text)}; write one line of text")
    if text[0] in "=+-@":
        raise UserError(
            f"{where} is {_shown(text)}; begin with another character than {text[0]}, "
            "which makes it a formula to a spreadsheet"
        )
    if len(text) > LABEL_LENGTH:
        raise UserError(f"{where} has {len(text)} characters; give at most {LABEL_LENGTH}")
    return text


def at_most(key: str, value: int | None, bound: int) -> None:
    """Refuse a number above a bound."""
    if value is not None and value > bound:
        raise UserError(f"{key} is {value}; give at most {bound}")


def training(own: Training, prefix: str = "training") -> None:
    """Refuse a training beyond reason."""
    at_most(f"{prefix}.epochs", own.epochs, EPOCHS)
    at_most(f"{prefix}.batch_size", own.batch_size, BATCH)
    for key in ("eval_train", "eval_val", "full_epochs"):
        at_most(f"{prefix}.{key}", getattr(own, key), EVALUATED)


def test_time(own: TestTime) -> None:
    """The same of an evaluation with units dropped."""
    at_most("test_time.passes", own.passes, REPEATED)
    at_most("test_time.repeats", own.repeats, REPEATED)


def fraction(value: float, where: str) -> None:
    """Refuse a share of the data that leaves nothing of most classes."""
    if value < FRACTION:
        raise UserError(f"{where}: train_fraction is {value}; give at least {FRACTION:g}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
