"""The order in which a run sees its examples: a pure function of seed, task and epoch."""

import torch
from torch import Tensor

from adsmtl import rng

# Sequences are sorted by length within chunks of so many batches: little padding is left,
# and which examples meet in a batch stays random.
BATCHES_PER_CHUNK = 32
PADDING = -1


def batches(seed: int, task: str, epoch: int, n: int, steps: int, lengths: Tensor | None) -> Tensor:
    """One epoch's batches: every example exactly once, in `steps` batches of nearly equal size.

    Args:
        epoch: from 1.
        n: number of training examples.
        lengths: int64 `[n]` to batch sequences of similar length together; None where
            examples are of one size.

    Returns:
        int64 `[steps, ceil(n / steps)]`: positions in `range(n)`, PADDING where a batch is shorter.
    """
    keys = torch.tensor([rng.key(seed, "order", task, epoch)])
    order = rng.permutations(keys, n)[0]
    starts = torch.arange(steps + 1) * n // steps
    width = -(-n // steps)
    if lengths is not None:
        batch = torch.bucketize(torch.arange(n), starts[1:], right=True)
        chunk = batch // BATCHES_PER_CHUNK
        order = order[(chunk * (int(lengths.max()) + 1) + lengths[order]).argsort(stable=True)]
    slots = starts[:-1, None] + torch.arange(width)
    table = torch.where(slots < starts[1:, None], order[slots.clamp(max=n - 1)], PADDING)
    if lengths is not None:
        keys = torch.tensor([rng.key(seed, "batch-order", task, epoch)])
        table = table[rng.permutations(keys, steps)[0]]
    return table
