"""What a task adds to the shared layer: a branch, a loss and a metric, chosen by name."""

from adsmtl.tasks.base import Branch
from adsmtl.tasks.losses import LOSSES, METRICS
from adsmtl.tasks.speech import LstmBranch
from adsmtl.tasks.vision import CnnBranch

BRANCHES: dict[str, type[Branch]] = {"cnn": CnnBranch, "lstm": LstmBranch}

__all__ = ["BRANCHES", "LOSSES", "METRICS", "Branch"]
