"""Dropout with a rate for every task."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from adsmtl import rng
from adsmtl.dropout import masks
from adsmtl.dropout.schedules.rate import check_rate


class AdaptiveDropout(nn.Module):
    """Dropout whose rate depends on the task that passes; `RateController` changes the rates.

    Put it where `torch.nn.Dropout` would stand, several times in a model if you like. Rates are a
    buffer: they move with the model, are part of its `state_dict`, and a change of them does not
    make `torch.compile` compile again.

    Shape:
        Input and output: any, of a floating-point type.

    Example:
        >>> drop = AdaptiveDropout(["images", "sounds"], p=0.2)
        >>> hidden = drop(torch.randn(8, 128), "images")
    """

    rates: Tensor
    steps: Tensor
    keys: Tensor

    def __init__(self, tasks: Iterable[str], p: float = 0.2, seed: int | None = None) -> None:
        """
        Args:
            tasks: names of all tasks that pass this layer.
            p: rate of every task until a controller sets others, in [0, 1).
            seed: None draws masks from torch's generator. A number makes them stateless: the mask
                of a task's n-th pass in training follows from seed, task and n alone, with the
                same bits on every device. Rates are then used in steps of 1/256. Give the layers
                of a model different seeds.

        Raises:
            ValueError: there is no task, one is named twice, or `p` is no rate.
        """
        super().__init__()
        self.tasks = tuple(tasks)
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise ValueError(f"tasks are {self.tasks}; give at least one name, and none twice")
        check_rate("p", p)
        self.seed = seed
        self._place = {task: place for place, task in enumerate(self.tasks)}
        self.register_buffer("rates", torch.full((len(self.tasks),), float(p)))
        if seed is not None:
            self.register_buffer("steps", torch.zeros(len(self.tasks), dtype=torch.int64))
            keys = torch.tensor([rng.key(seed, task) for task in self.tasks])
            self.register_buffer("keys", keys, persistent=False)  # follow from the seed

    def forward(self, x: Tensor, task: str) -> Tensor:
        """`x` with units dropped at the task's rate and the others scaled up; `x` in `eval`.

        Raises:
            ValueError: `task` is none of the layer's; names them.
        """
        if task not in self._place:
            raise ValueError(f"task is {task!r}; this layer has {', '.join(self.tasks)}")
        if not self.training:
            return x
        place = self._place[task]
        own = slice(place, place + 1)
        if self.seed is None:
            mask = torch.rand(x.shape, device=x.device) >= self.rates[place]
            scale = 1 / (1 - self.rates[own])
        else:
            rates = masks.Rates.quantised(self.rates[own])
            key = rng.words(self.keys[own], self.steps[own])
            mask = masks.keep_mask(key, rates, torch.Size((1, 1, x.numel()))).view(x.shape)
            scale = rates.scale
            self.steps[own] += 1
        return masks.dropout(x[None], mask[None], scale)[0]

    def set_rates(self, rates: dict[str, float]) -> None:
        """Take other rates, in place; tasks that are not this layer's are passed over."""
        for task, place in self._place.items():
            if task in rates:
                check_rate(f"the rate of {task}", rates[task])
                self.rates[place] = rates[task]

    def extra_repr(self) -> str:
        """Tasks and rates, for `print(model)`."""
        shown = ", ".join(f"{t}: {r:.3f}" for t, r in zip(self.tasks, self.rates, strict=True))
        return shown if self.seed is None else f"{shown}, seed={self.seed}"
