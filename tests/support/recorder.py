"""Stands for CUDA graphs where there is no CUDA."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def tensors(*values: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]


class Recording(TorchDispatchMode):
    """Stands for a CUDA graph: repeats recorded operations on the memory they were recorded on."""

    made: list["Recording"]

    def __init__(self) -> None:
        super().__init__()
        self._recorded: list[tuple[Any, tuple, dict, Any]] = []
        self.made.append(self)
        self.replays = 0

    def __torch_dispatch__(
        self, op: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = op(*args, **(kwargs or {}))
        self._recorded.append((op, args, kwargs or {}, result))
        return result

    def pool(self) -> None:
        """Memory is not pooled."""

    @torch.no_grad()
    def replay(self) -> None:
        self.replays += 1
        for op, args, kwargs, result in self._recorded:
            for new, place in zip(tensors(op(*args, **kwargs)), tensors(result), strict=True):
                if new.data_ptr() != place.data_ptr():
                    place.copy_(new)


@contextmanager
def recorded(graph: Recording, pool: object) -> Iterator[None]:
    with graph:
        yield


def install(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Put recorders in the place of graphs; the list grows with what is captured."""
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(Recording, "made", [], raising=False)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Recording)
    monkeypatch.setattr(torch.cuda, "graph", recorded)
    monkeypatch.setattr(torch.cuda, "Stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda own: nullcontext())
    return Recording.made
