"""`predictions.npz` of a run: what it says of every test example; no pickle in the file."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np

from adsmtl.files import atomic
from adsmtl.training.evaluation import Predictions


def save(path: Path, of_tasks: Mapping[str, Predictions]) -> None:
    """Write the predictions of every task as `<task>.<name>`; equal arrays give equal bytes.

    Raises:
        UserError: the folder cannot be written or the disk is full; names the path.
    """
    arrays = {
        f"{task}.{field.name}": getattr(own, field.name)
        for task, own in of_tasks.items()
        for field in fields(own)
    }
    with atomic(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
