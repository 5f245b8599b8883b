"""The branches, losses and metrics that configuration may name.

A new one is one function or class and one line here. Entries are "<module>:<name>" and loaded
when used, so that reading a configuration does not load torch.
"""

import importlib
from typing import Any

BRANCHES = {
    "cnn": "adsmtl.tasks.vision:CnnBranch",
    "lstm": "adsmtl.tasks.speech:LstmBranch",
}
LOSSES = {"cross-entropy": "adsmtl.tasks.losses:cross_entropy"}
METRICS = {"accuracy": "adsmtl.tasks.losses:accuracy"}


def load(table: dict[str, str], name: str) -> Any:
    """The class or function behind a name of one of the tables above."""
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
