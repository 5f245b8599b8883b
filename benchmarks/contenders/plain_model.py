"""The model as a plain `nn.Module`, with the library's own layers."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from benchmarks.job import RATE


class Cnn(nn.Module):
    """The listing's image branch on 30x30 maps of the shared layer, or any even size."""

    def __init__(self, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(32, 64, 3)
        self.hidden = nn.Linear(64 * ((height - 2) // 2) * ((width - 2) // 2), 128)
        self.output = nn.Linear(128, classes)

    def forward(self, shared: Tensor, lengths: Tensor | None) -> Tensor:
        """Logits of maps `[B, 32, H, W]`."""
        x = F.max_pool2d(F.relu(self.conv(shared)), 2)
        x = F.dropout(x, RATE, self.training).flatten(1)
        x = F.dropout(F.relu(self.hidden(x)), RATE, self.training)
        return self.output(x)


class Lstm(nn.Module):
    """The listing's speech branch on the shared layer's `bands` columns."""

    def __init__(self, bands: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32 * bands, 128, batch_first=True)
        # The library has two biases that only ever act as their sum; one is left to learn.
        nn.init.zeros_(self.lstm.bias_hh_l0)
        self.lstm.bias_hh_l0.requires_grad_(False)
        self.output = nn.Linear(128, classes)

    def forward(self, shared: Tensor, lengths: Tensor | None) -> Tensor:
        """Logits of maps `[B, 32, T, bands]`, of which `lengths` rows are real."""
        frames = shared.permute(0, 2, 1, 3).flatten(2)
        packed = pack_padded_sequence(frames, lengths, batch_first=True, enforce_sorted=False)
        _, (state, _) = self.lstm(packed)
        return self.output(F.dropout(state[0], RATE, self.training))


class MultiTask(nn.Module):
    """One shared convolution and a branch per task."""

    def __init__(self, branches: dict[str, nn.Module]) -> None:
        super().__init__()
        self.shared = nn.Conv2d(3, 32, 3)
        self.branches = nn.ModuleDict(branches)
        self.apply(_initialise)

    def forward(self, task: str, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Logits of one task's batch; lengths count rows of `x` and lie on the CPU."""
        shared = F.dropout(F.relu(self.shared(x)), RATE, self.training)
        return self.branches[task](shared, None if lengths is None else lengths - 2)


def _initialise(module: nn.Module) -> None:
    """Keras's defaults, so that losses compare between contenders."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.LSTM):
        nn.init.xavier_uniform_(module.weight_ih_l0)
        nn.init.orthogonal_(module.weight_hh_l0)
        nn.init.zeros_(module.bias_ih_l0)
        with torch.no_grad():
            module.bias_ih_l0[128:256] = 1
