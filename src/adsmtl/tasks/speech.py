"""The listing's speech branch: an LSTM over time and its last state."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from adsmtl.tasks import layers, lstm
from adsmtl.tasks.base import Drop, Parameter
from adsmtl.tasks.gates import TORCH, Gates

HIDDEN = 128


class LstmBranch:
    """LSTM(128) over time on the flattened channels and bands, classes.

    The state is read at the last real frame; dropout follows it (`lstm`).
    """

    sites = ("lstm",)
    readers: ClassVar = {"shared": "lstm.input_weight", "lstm": "output.weight"}

    def __init__(self, shared_shape: tuple[int, ...], classes: int) -> None:
        channels, _, bands = shared_shape
        self._inputs = channels * bands
        self._classes = classes

    def parameters(self) -> dict[str, Parameter]:
        """Parameters by name; see `Branch`."""
        return {
            "lstm.input_weight": Parameter((4 * HIDDEN, self._inputs), "glorot"),
            "lstm.hidden_weight": Parameter((4 * HIDDEN, HIDDEN), "orthogonal"),
            "lstm.bias": Parameter((4 * HIDDEN,), "lstm-bias"),
            "output.weight": Parameter((self._classes, HIDDEN), "glorot"),
            "output.bias": Parameter((self._classes,), "zeros"),
        }

    def forward(
        self,
        params: Mapping[str, Tensor],
        shared: Tensor,
        lengths: Tensor | None,
        drop: Drop,
        gates: Gates = TORCH,
    ) -> Tensor:
        """Logits `[R, B, classes]`; see `Branch`. Height is time, width the mel bands."""
        if lengths is None:
            raise ValueError("an LSTM branch needs examples with lengths")
        frames = shared.permute(0, 1, 3, 4, 2).flatten(3)
        state = lstm.last_state(
            frames,
            lengths,
            params["lstm.input_weight"],
            params["lstm.hidden_weight"],
            params["lstm.bias"],
            gates,
        )
        state = drop(state, "lstm", relu=False)
        return layers.linear(state, params["output.weight"], params["output.bias"])
