"""Checkpoints in safetensors: arrays by name, no code in the file, and a digest of all of it."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from adsmtl.files import atomic

_DIGEST = "sha256"  # beside the facts


def save(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able facts, atomically.

    Raises:
        UserError: the folder cannot be written or the disk is full; names the path.
    """
    # One entry of metadata alone: safetensors writes several in an order of chance.
    metadata = {"facts": json.dumps({**facts, _DIGEST: _digest(tensors, facts)})}
    with atomic(path) as temporary:
        try:
            save_file(dict(tensors), temporary, metadata=metadata)
        except SafetensorError as error:  # its name for an error of the operating system
            raise OSError(str(error)) from error


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The checkpoint in `path`, or None if it is missing, damaged or no checkpoint.

    A single changed bit is damage. A file of a version that wrote no digest is taken as it is.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (FileNotFoundError, SafetensorError, KeyError, ValueError):
        return None
    if not isinstance(facts, dict):
        return None
    digest = facts.pop(_DIGEST, None)
    return (tensors, facts) if digest in (None, _digest(tensors, facts)) else None


def _digest(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> str:
    """SHA-256 of facts, and of names, types, shapes and bytes of all tensors."""
    total = hashlib.sha256(json.dumps(facts).encode())
    for name, own in sorted(tensors.items()):
        total.update(f"{name} {own.dtype} {tuple(own.shape)}".encode())
        raw = own.detach().cpu().contiguous().reshape(-1)
        total.update(raw.view(torch.uint8).numpy().data)
    return total.hexdigest()
