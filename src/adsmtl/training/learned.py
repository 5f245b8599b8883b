"""What is learned beside the network's parameters: loss weights and dropout rates.

Both are scalars per replica and task (and site), updated by the same optimiser as the weights.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from adsmtl.dropout import sites
from adsmtl.dropout.masks import random_bytes
from adsmtl.dropout.schedules import Concrete
from adsmtl.study import Run
from adsmtl.training.elementwise import TORCH, Elementwise


def variance_name(task: str) -> str:
    """Name of the parameter ln sigma^2 of a task's uncertainty weighting."""
    return f"weighting.{task}"


def rate_name(task: str, site: str) -> str:
    """Name of the parameter ln(p / (1 - p)) of a task's concrete dropout at a site."""
    return f"concrete.{task}.{site}"


def parameters(runs: Sequence[Run], task_sites: Mapping[str, Sequence[str]]) -> dict[str, Tensor]:
    """Initial values of what these runs learn beside the network, each float32 `[R]`.

    Args:
        runs: replicas; either all or none of them learn their rates.
        task_sites: names of the sites that each task's examples pass.
    """
    found = {}
    if any(run.arm.weighting.learned for run in runs):
        # Replicas that do not learn their weights carry a scalar that nothing reads.
        found |= {variance_name(task): torch.zeros(len(runs)) for task in task_sites}
    if learns_rates(runs[0]):
        start = [_logit(run.arm.dropout.initial) for run in runs]
        scope = runs[0].arm.site
        found |= {
            rate_name(task, site): torch.tensor(start)
            for task, of_task in task_sites.items()
            for site in of_task
            if sites.in_scope(site, scope)
        }
    return found


def learns_rates(run: Run) -> bool:
    """Whether the run's dropout rates are learned; such runs are trained among themselves."""
    return isinstance(run.arm.dropout, Concrete)


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


class ConcreteDropout:
    """Concrete dropout of one task in one training step (a `Drop`; Gal et al. 2017, section 3).

    A unit is scaled by (1 - z) / (1 - p) with the relaxed mask
    z = sigmoid((ln(p / (1 - p)) + ln(u / (1 - u))) / temperature), u uniform in (0, 1).
    """

    def __init__(
        self,
        logits: Mapping[str, Tensor],
        keys: Mapping[str, Tensor],
        temperature: Tensor,
        elementwise: Elementwise = TORCH,
    ) -> None:
        """
        Args:
            logits: by site, ln(p / (1 - p)), float32 `[R]`.
            keys: by site, of the random numbers, int64 `[R]`.
            temperature: float32 `[R]`.
            elementwise: what pools and rectifies.
        """
        self._logits, self._keys, self._temperature = logits, keys, temperature
        self._elementwise = elementwise

    def __call__(self, x: Tensor, site: str, relu: bool, pool: int = 1) -> Tensor:
        """See `Drop`; a site without a learned rate drops nothing."""
        x = self._elementwise.units(x, relu, pool, None)
        if site not in self._logits:
            return x
        each = (-1, *[1] * (x.dim() - 1))
        logit = self._logits[site].view(each)
        noise = _noise(self._keys[site], x.shape)
        dropped = torch.sigmoid((logit + noise) / self._temperature.view(each))
        return (x * ((1 - dropped) * (1 + logit.exp()))).to(x.dtype)  # 1 / (1 - p) = 1 + e^logit


def _noise(keys: Tensor, shape: torch.Size) -> Tensor:
    """ln(u / (1 - u)) for every element, u in steps of 1 / 65536, float32 of the given shape.

    The random numbers are laid out like those of `masks.keep_mask`, so padding and neighbours
    change no element's draw.
    """
    replicas, rows, *inner = shape
    if len(inner) == 3:
        inner = [inner[1], inner[2], inner[0]]
    width = torch.Size(inner).numel()
    pairs = random_bytes(keys, rows, 2 * width).view(replicas, rows, width, 2).int()
    u = (pairs[..., 0] + 256 * pairs[..., 1] + 0.5) / 65536
    noise = (u.log() - (-u).log1p()).view(replicas, rows, *inner)
    return noise.permute(0, 1, 4, 2, 3) if len(inner) == 3 else noise


def rate_penalty(logit: Tensor, weight: Tensor, examples: Tensor, length_scale: Tensor) -> Tensor:
    """The term of the objective that keeps a learned rate from going to 0 (Gal et al. 2017, eq. 3).

        (l^2 / 2 · ||W||^2 / (1 - p) - K · H(p)) / N

    with the entropy H(p) in nats. W is the weight that reads the dropped units, after the
    scaling by 1 / (1 - p) that dropout does here; the paper's M is W / (1 - p).

    Args:
        logit: ln(p / (1 - p)), float32 `[R]`.
        weight: W, `[R, out, in, ...]`; K is `in`.
        examples: N, training examples of the task, float32 `[R]`.
        length_scale: l, float32 `[R]`.

    Returns:
        float32 `[R]`.
    """
    p = torch.sigmoid(logit)
    entropy = -(p * torch.nn.functional.logsigmoid(logit))
    entropy = entropy - (1 - p) * torch.nn.functional.logsigmoid(-logit)
    squares = weight.float().square().flatten(1).sum(dim=1)
    return (length_scale**2 / 2 * squares / (1 - p) - weight.shape[2] * entropy) / examples
