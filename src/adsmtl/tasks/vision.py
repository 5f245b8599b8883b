"""The listing's image branch: convolution, max-pooling, one hidden layer."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from adsmtl.tasks import layers
from adsmtl.tasks.base import Drop, Parameter
from adsmtl.tasks.gates import TORCH, Gates

CHANNELS = 64
HIDDEN = 128


class CnnBranch:
    """Conv2d(64, 3x3), ReLU, 2x2 max-pool, 128 hidden units, classes.

    Dropout follows the pooling (`conv`) and the hidden units (`hidden`).
    """

    sites = ("conv", "hidden")
    readers: ClassVar = {
        "shared": "conv.weight",
        "conv": "hidden.weight",
        "hidden": "output.weight",
    }

    def __init__(self, shared_shape: tuple[int, ...], classes: int) -> None:
        self._channels, height, width = shared_shape
        self._features = CHANNELS * ((height - 2) // 2) * ((width - 2) // 2)
        self._classes = classes

    def parameters(self) -> dict[str, Parameter]:
        """Parameters by name; see `Branch`."""
        return {
            "conv.weight": Parameter((CHANNELS, self._channels, 3, 3), "glorot"),
            "conv.bias": Parameter((CHANNELS,), "zeros"),
            "hidden.weight": Parameter((HIDDEN, self._features), "glorot"),
            "hidden.bias": Parameter((HIDDEN,), "zeros"),
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
        """Logits `[R, B, classes]`; see `Branch`. Pooling commutes with the ReLU, so the
        rectification is left to the dropout after it, on a quarter of the elements."""
        x = layers.conv2d(shared, params["conv.weight"], params["conv.bias"])
        x = drop(x, "conv", relu=True, pool=2)
        x = layers.channels_last_features(x)
        x = layers.linear(x, params["hidden.weight"], params["hidden.bias"])
        x = drop(x, "hidden", relu=True)
        return layers.linear(x, params["output.weight"], params["output.bias"])
