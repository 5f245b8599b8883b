"""What sets the rates of a model's adaptive dropout after every epoch."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from torch import Tensor, nn

from adsmtl.dropout.difficulty import History, Observation
from adsmtl.dropout.schedules import Adsmtl, Concrete, Curriculum, Early, Late
from adsmtl.dropout.schedules.rate import check_rate
from adsmtl.library.layer import AdaptiveDropout


class Rated(Protocol):
    """Any schedule of `adsmtl.dropout.schedules`: rates from what the epochs before showed."""

    def rates(self, history: History, epochs: int) -> dict[str, float]:
        """Rate of every task in the epoch after those in `history`, of `epochs` in all."""
        ...


class RateController:
    """Sets the rates of all `AdaptiveDropout` layers of a model, once per epoch.

    Use it like a learning-rate scheduler of torch:

        >>> controller = RateController(model, {"images": 10, "sounds": 61})
        >>> for epoch in range(10):
        ...     losses = train_one_epoch()           # {"images": 1.3, "sounds": 2.9}
        ...     rates = controller.step(losses)

    Difficulties are made comparable between tasks by ln(number of classes), so losses are mean
    cross-entropies in nats. For tasks without classes choose a signal that needs none:
    `Adsmtl(difficulty="relative-loss")`, and give None for the number.
    """

    def __init__(
        self,
        model: nn.Module,
        classes: Mapping[str, int | None],
        schedule: Rated | None = None,
        epochs: int | None = None,
    ) -> None:
        """
        Args:
            model: has at least one `AdaptiveDropout`; the tasks are those of its layers.
            classes: number of classes of every task; None where it has none.
            schedule: None for the paper's strategy, `Adsmtl()`.
            epochs: how many there will be in all; needed by `Early`, `Late` and `Curriculum`.

        Raises:
            ValueError: the model has no such layer, `classes` and layers differ in their tasks, the
                schedule needs `epochs`, or it learns its rates with the weights.
        """
        self.layers = [one for one in model.modules() if isinstance(one, AdaptiveDropout)]
        tasks = {task for layer in self.layers for task in layer.tasks}
        if not tasks:
            raise ValueError("the model has no AdaptiveDropout layer; add one first")
        if set(classes) != tasks:
            raise ValueError(
                f"classes names {sorted(classes)}, but the layers have {sorted(tasks)}"
            )
        if isinstance(schedule, (Early, Late, Curriculum)) and epochs is None:
            raise ValueError(
                f"{schedule.schedule} follows the clock; give epochs, the number of all"
            )
        if isinstance(schedule, Concrete):
            raise ValueError(
                "concrete dropout learns its rates with the weights, which a controller cannot do;"
                " choose another schedule"
            )
        self.classes = dict(classes)
        self.schedule = Adsmtl() if schedule is None else schedule
        self.epochs = epochs
        self.history: dict[str, list[Observation]] = {task: [] for task in self.classes}
        self.trajectory: list[dict[str, float]] = []  # the rates of every epoch begun
        self._set()

    @property
    def rates(self) -> dict[str, float]:
        """The rate of every task in the epoch that is going on."""
        return self.trajectory[-1]

    def step(
        self,
        losses: Mapping[str, float],
        *,
        train_losses: Mapping[str, float] | None = None,
        val_losses: Mapping[str, float] | None = None,
        val_accuracies: Mapping[str, float] | None = None,
        gradients: Mapping[str, float] | None = None,
    ) -> dict[str, float]:
        """End an epoch: observe it, and set the rates of the next.

        All arguments are by task. Numbers, or tensors of one element.

        Args:
            losses: mean training loss of the epoch, with units dropped.
            train_losses: of training examples after the epoch, all units on; for the signal
                generalisation-gap.
            val_losses: of validation examples, all units on; for validation-loss and
                generalisation-gap.
            val_accuracies: of the same, in [0, 1]; for validation-error.
            gradients: norm of each task's gradient on the shared layer, mean over the epoch's
                steps; for gradient-norm.

        Returns:
            The new rates by task.

        Raises:
            ValueError: a task is missing or unknown, a loss is not finite, or the schedule's signal
                needs an argument that was not given. Rates and history stay as they were.
        """
        given = {
            "losses": losses,
            "train_losses": train_losses,
            "val_losses": val_losses,
            "val_accuracies": val_accuracies,
            "gradients": gradients,
        }
        values = {name: self._by_task(name, own) for name, own in given.items() if own is not None}
        mean = sum(values.get("gradients", {}).values()) / len(self.classes)
        nothing = dict.fromkeys(self.classes, math.nan)
        for task, classes in self.classes.items():
            pull = values.get("gradients", nothing)[task]
            observed = Observation(
                classes=1 if classes is None else classes,  # ln 1 = 0 is no scale
                loss=values["losses"][task],
                train_loss=values.get("train_losses", nothing)[task],
                val_loss=values.get("val_losses", nothing)[task],
                val_accuracy=values.get("val_accuracies", nothing)[task],
                gradient=pull / mean if mean > 0 else pull,
            )
            self.history[task].append(observed)
        try:
            return self._set()
        except ValueError:
            for seen in self.history.values():
                seen.pop()
            raise

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on: plain numbers, safe to write with `torch.save`."""
        seen = {task: [asdict(one) for one in own] for task, own in self.history.items()}
        return {"history": seen, "trajectory": [dict(own) for own in self.trajectory]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where the other controller was, and set its rates.

        Raises:
            ValueError: the state is of other tasks.
        """
        if set(state["history"]) != set(self.classes):
            raise ValueError(
                f"the state is of {sorted(state['history'])}, not of {sorted(self.classes)}"
            )
        self.history = {
            task: [Observation(**one) for one in state["history"][task]] for task in self.classes
        }
        self.trajectory = [dict(own) for own in state["trajectory"]]
        self._apply()

    def _by_task(self, name: str, own: Mapping[str, float]) -> dict[str, float]:
        if set(own) != set(self.classes):
            raise ValueError(f"{name} has {sorted(own)}; give {sorted(self.classes)}")
        values = {
            task: float(value.detach() if isinstance(value, Tensor) else value)
            for task, value in ((task, own[task]) for task in self.classes)
        }
        wrong = [task for task, value in values.items() if not math.isfinite(value)]
        if wrong:
            raise ValueError(f"{name}[{wrong[0]!r}] is {values[wrong[0]]}; the run has diverged")
        return values

    def _set(self) -> dict[str, float]:
        seen = min(map(len, self.history.values()))
        try:
            rates = self.schedule.rates(
                self.history, seen + 1 if self.epochs is None else self.epochs
            )
        except ZeroDivisionError:
            raise ValueError(
                "a task has no number of classes, which this signal needs; give it, or choose the"
                " signal relative-loss"
            ) from None
        wrong = [task for task, rate in rates.items() if not math.isfinite(rate)]
        if wrong:
            signal = getattr(self.schedule, "difficulty", "the schedule")
            raise ValueError(f"{signal} needs more than losses; `step` says which argument")
        for task, rate in rates.items():
            check_rate(f"the rate of {task}", rate)
        self.trajectory.append(rates)
        self._apply()
        return rates

    def _apply(self) -> None:
        for layer in self.layers:
            layer.set_rates(self.rates)
