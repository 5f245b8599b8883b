"""Checkpoints in safetensors: arrays by name, no code in the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from adsmtl.files import atomic


def save(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able facts, atomically.

    Raises:
        UserError: the folder cannot be written or the disk is full; names the path.
    """
    metadata = {"facts": json.dumps(facts)}
    with atomic(path) as temporary:
        try:
            save_file(dict(tensors), temporary, metadata=metadata)
        except SafetensorError as error:  # its name for an error of the operating system
            raise OSError(str(error)) from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The checkpoint in `path`, or None if it is missing, damaged or no checkpoint."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if "facts" not in metadata:
                return None
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, json.loads(metadata["facts"])
    except (FileNotFoundError, SafetensorError):
        return None
