"""The multi-task model of R replicas: one shared convolution and a branch per task."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from adsmtl import rng
from adsmtl.dropout import masks, sites
from adsmtl.study import Task
from adsmtl.tasks import layers, registry
from adsmtl.tasks.base import Branch, Drop, Parameter
from adsmtl.training.batches import Batch, TaskData
from adsmtl.training.elementwise import TORCH, Dropped, Elementwise

SHARED_CHANNELS = 32
KERNEL = 3


def initial(parameter: Parameter, key: int) -> Tensor:
    """Starting value of one replica's parameter; depends on its shape and the key alone."""
    shape, generator = parameter.shape, torch.Generator().manual_seed(key & (2**63 - 1))
    match parameter.initialiser:
        case "glorot":
            receptive = math.prod(shape[2:])
            bound = math.sqrt(6 / ((shape[0] + shape[1]) * receptive))
            return torch.empty(shape).uniform_(-bound, bound, generator=generator)
        case "orthogonal":
            return torch.nn.init.orthogonal_(torch.empty(shape), generator=generator)
        case "lstm-bias":
            # The forget gate starts open (Jozefowicz et al. 2015), as in Keras.
            gates = torch.zeros(4, shape[0] // 4)
            gates[1] = 1
            return gates.flatten()
        case "zeros":
            return torch.zeros(shape)


class StepDropout:
    """Dropout of one task in one forward pass (a `Drop`)."""

    def __init__(
        self,
        rates: Mapping[str, masks.Rates],
        keys: Mapping[str, Tensor],
        elementwise: Elementwise = TORCH,
    ) -> None:
        """
        Args:
            rates: by site; a site without a rate drops nothing.
            keys: by site, of the masks, int64 `[R]`.
            elementwise: what computes it.
        """
        self._dropped = {site: Dropped(keys[site], rate) for site, rate in rates.items()}
        self._elementwise = elementwise

    def __call__(self, x: Tensor, site: str, relu: bool, pool: int = 1) -> Tensor:
        """See `Drop`."""
        return self._elementwise.units(x, relu, pool, self._dropped.get(site))


no_dropout = StepDropout({}, {})


class Model:
    """Parameters and forward passes.

    Attributes:
        params: by name (`shared.weight`, `<task>.<parameter>`), each `[R, ...]`, requiring grad;
            `add` puts others beside them.
        branches: by task.
        weights: names of the parameters that the L2 penalty counts.
    """

    def __init__(
        self,
        tasks: Mapping[str, Task],
        data: Mapping[str, TaskData],
        seeds: Sequence[int],
        device: torch.device,
        elementwise: Elementwise = TORCH,
    ) -> None:
        self._gates = elementwise.gates
        channels = {name: data[name].input_shape[0] for name in tasks}
        if len(set(channels.values())) > 1:
            raise ValueError(f"one shared layer needs equal input channels, got {channels}")
        inputs = next(iter(channels.values()))
        declared = {
            "shared.weight": Parameter((SHARED_CHANNELS, inputs, KERNEL, KERNEL), "glorot"),
            "shared.bias": Parameter((SHARED_CHANNELS,), "zeros"),
        }
        self.branches: dict[str, Branch] = {}
        for name, task in tasks.items():
            _, height, width = data[name].input_shape
            shape = (SHARED_CHANNELS, height - KERNEL + 1, width - KERNEL + 1)
            branch = registry.load(registry.BRANCHES, task.branch)(shape, data[name].classes)
            self.branches[name] = branch
            declared |= {f"{name}.{key}": value for key, value in branch.parameters().items()}
        self.weights = [name for name, parameter in declared.items() if parameter.is_weight]
        self.params = {
            name: torch.stack([initial(parameter, rng.key(s, "init", name)) for s in seeds])
            .to(device)
            .requires_grad_()
            for name, parameter in declared.items()
        }

    def add(self, params: Mapping[str, Tensor]) -> None:
        """Put more parameters, with their initial values `[R, ...]`, beside the network's."""
        device = self.params["shared.weight"].device
        self.params |= {name: value.to(device).requires_grad_() for name, value in params.items()}

    def reader(self, task: str, site: str) -> Tensor:
        """The weight that reads the units dropped at a site, `[R, out, in, ...]`."""
        return self.params[f"{task}.{self.branches[task].readers[site]}"]

    def sites(self, task: str) -> tuple[str, ...]:
        """Names of the dropout sites that a task's examples pass."""
        return (sites.SHARED, *self.branches[task].sites)

    def shared(self, batch: Batch) -> Tensor:
        """The shared layer of a batch, `[R, B, C, H, W]`, before its rectifier and dropout."""
        return layers.conv2d(batch.x, self.params["shared.weight"], self.params["shared.bias"])

    def branch(self, task: str, shared: Tensor, lengths: Tensor | None, drop: Drop) -> Tensor:
        """Logits `[R, B, classes]` of one task from the shared layer after its dropout.

        Args:
            shared: `[R, B, C, H, W]`.
            lengths: of the batch's examples, int64 `[R, B]`, before the shared layer.
        """
        left = None if lengths is None else lengths - (KERNEL - 1)
        prefix = f"{task}."
        own = {
            name.removeprefix(prefix): value
            for name, value in self.params.items()
            if name.startswith(prefix)
        }
        return self.branches[task].forward(own, shared, left, drop, self._gates)

    def forward(self, task: str, batch: Batch, drop: Drop) -> Tensor:
        """Logits `[R, B, classes]` of one task's batch."""
        shared = drop(self.shared(batch), sites.SHARED, relu=True)
        return self.branch(task, shared, batch.lengths, drop)
