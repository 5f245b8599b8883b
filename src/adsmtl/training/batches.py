"""A task's examples on the training device, gathered by index."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from adsmtl.data import folds
from adsmtl.data.prepared import Prepared
from adsmtl.errors import UserError
from adsmtl.study import Task
from adsmtl.training.elementwise import TORCH, Elementwise

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Batch:
    """One batch of R replicas.

    Attributes:
        x: `[R, B, C, H, W]`; for speech H is time and W the mel bands, zero where padded.
        lengths: int64 `[R, B]`, real rows of H, or None.
        targets: int64 `[R, B]`.
        weights: float32 `[R, B]`, 0 for padding, else 1.
    """

    x: Tensor
    lengths: Tensor | None
    targets: Tensor
    weights: Tensor


def _used(task: Task, split: str, there: int, train_fraction: float) -> int:
    """How many of the examples that are there a split takes."""
    limit = getattr(task.examples, split)
    taken = there if limit is None else min(limit, there)
    return math.ceil(taken * train_fraction) if split == "train" else taken


def _labels(prepared: Prepared, task: Task) -> np.ndarray:
    """Class of each example in a task, int64 `[N]`, -1 for examples that are not part of it."""
    if task.target not in prepared.targets:
        raise UserError(
            f"data set {prepared.dataset!r} has no target {task.target!r}; "
            f"it has {', '.join(prepared.targets)}"
        )
    return prepared.targets[task.target]


def _labelled(prepared: Prepared, task: Task, seed: int) -> folds.Split:
    """The split of a seed, without the examples that are not part of the task."""
    labels = _labels(prepared, task)
    return folds.Split(*(part[labels[part] >= 0] for part in folds.split_indices(prepared, seed)))


def train_size(prepared: Prepared, task: Task, seed: int, train_fraction: float) -> int:
    """How many examples a seed trains on, without choosing them."""
    there = len(_labelled(prepared, task, seed).train)
    return _used(task, "train", there, train_fraction)


def split_of(
    prepared: Prepared, task: Task, seed: int, train_fraction: float = 1.0
) -> dict[str, np.ndarray]:
    """Positions of the examples that a seed trains, validates and tests on.

    Args:
        train_fraction: share of the task's training examples; of one seed, a smaller share is
            part of a larger one.

    Raises:
        UserError: a split is empty; names the data set.
    """
    split, labels = _labelled(prepared, task, seed), _labels(prepared, task)
    result = {}
    for name in SPLITS:
        positions = getattr(split, name)
        limit = _used(task, name, len(positions), train_fraction)
        if limit < len(positions):
            # Validation and test subsets are the same for every seed, training's differ.
            own = seed if name == "train" else 0
            positions = folds.subset(positions, labels, limit, own)
        if len(positions) == 0:
            raise UserError(f"data set {prepared.dataset!r} has no {name} examples for seed {seed}")
        result[name] = positions
    return result


def filled(positions: Tensor) -> Tensor:
    """Positions `[..., B]` with padding replaced by the first example of its batch, so that it
    does not lengthen the batch; a batch of nothing but padding takes example 0."""
    return torch.where(positions >= 0, positions, positions[..., :1]).clamp(min=0)


class TaskData:
    """The examples of one task for R runs, resident on the device.

    Attributes:
        input_shape: `[C, H, W]` of one image, or `[C, 0, W]` of sequences.
        classes: number of classes.
        foldings: by name, int64 `[classes]` from a class to the folded class, -1 for not scored.
        splits: by name, one int64 tensor of positions (into `targets`) per run.
        numbers: of the examples in their data set by position, int64 `[N]` on the CPU.
    """

    def __init__(
        self,
        prepared: Prepared,
        task: Task,
        seeds: Sequence[int],
        device: torch.device,
        train_fraction: float = 1.0,
        elementwise: Elementwise = TORCH,
    ) -> None:
        card = prepared.card
        own = [split_of(prepared, task, seed, train_fraction) for seed in seeds]
        used = np.unique(np.concatenate([part for split in own for part in split.values()]))
        self.numbers = torch.from_numpy(used)
        self.splits = {
            name: [torch.from_numpy(np.searchsorted(used, split[name])) for split in own]
            for name in SPLITS
        }
        target = card["targets"][task.target]
        self.classes = len(target["classes"])
        self.foldings = {
            name: torch.tensor(folding["map"], device=device)
            for name, folding in target.get("foldings", {}).items()
        }
        self.targets = torch.from_numpy(_labels(prepared, task)[used]).to(device)
        self.device, self._elementwise = device, elementwise
        # Channels last, so that a gathered batch already lies the way convolutions want it.
        if prepared.spans is None:
            images = torch.from_numpy(np.ascontiguousarray(prepared.images(used)))
            self.input_shape = tuple(images.shape[1:])
            self._inputs = images.permute(0, 2, 3, 1).contiguous().to(device)
            self._spans = None
            # In grey levels, as the images are stored.
            self._mean = 255 * torch.tensor(card["normalisation"]["mean"], device=device)
            self._std = 255 * torch.tensor(card["normalisation"]["std"], device=device)
        else:
            frames = torch.from_numpy(np.array(prepared.inputs))
            self.input_shape = (frames.shape[1], 0, frames.shape[2])
            self._inputs = frames.permute(0, 2, 1).contiguous().to(device)
            self._spans = torch.from_numpy(np.array(prepared.spans)[used]).to(device)

    @property
    def lengths(self) -> Tensor | None:
        """Frames of each example, int64 `[N]` on the CPU; None for images."""
        if self._spans is None:
            return None
        return (self._spans[:, 1] - self._spans[:, 0]).cpu()

    def gather(self, positions: Tensor, frames: int | None = None) -> Batch:
        """The examples at int64 positions `[R, B]`; negative ones are padding.

        Args:
            frames: length of the batch of sequences, at least that of its longest example;
                measured where it is not given, which waits for the device.
        """
        weights = (positions >= 0).float()
        positions = filled(positions)
        targets = self.targets[positions]
        if self._spans is None:
            images = self._elementwise.normalised(self._inputs, positions, self._mean, self._std)
            return Batch(images.permute(0, 1, 4, 2, 3), None, targets, weights)
        start, stop = self._spans[positions].unbind(-1)
        lengths = stop - start
        if frames is None:
            frames = int(lengths.max())
        time = torch.arange(frames, device=self.device)
        real = time < lengths[..., None]
        x = self._inputs[torch.where(real, start[..., None] + time, 0)] * real[..., None, None]
        return Batch(x.permute(0, 1, 4, 2, 3), lengths, targets, weights)
