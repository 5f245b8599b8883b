"""What is done to activations and images between the matrix products.

`Elementwise` does it in torch's own operations, on every device, one pass over memory for each.
`adsmtl.training.fused` does it on a CPU in one pass for all, to the same bits.
"""

from dataclasses import dataclass

from torch import Tensor

from adsmtl.dropout import masks
from adsmtl.tasks import gates, layers


@dataclass(frozen=True)
class Dropped:
    """What a site drops in one step.

    Attributes:
        keys: of the masks, int64 `[R]`.
        rates: of the replicas.
    """

    keys: Tensor
    rates: masks.Rates


class Elementwise:
    """Torch's own operations: the reference, and the fallback.

    Attributes:
        name: for `metrics.json`.
        gates: those of an LSTM.
    """

    name = "torch"
    gates = gates.TORCH

    def units(self, x: Tensor, relu: bool, pool: int, dropped: Dropped | None) -> Tensor:
        """Activations max-pooled, rectified, and with units dropped, in this order.

        Args:
            x: `[R, B, C, H, W]` or `[R, B, features]`.
            relu: whether to rectify.
            pool: side of the windows that are pooled (feature maps only); 1 for none.
            dropped: None where all units are on.
        """
        if pool > 1:
            x = layers.max_pool2d(x, pool)
        if dropped is None:
            return x.clamp_min(0) if relu else x
        mask = masks.keep_mask(dropped.keys, dropped.rates, x.shape)
        drop = masks.relu_dropout if relu else masks.dropout
        return drop(x, mask, dropped.rates.scale)

    def normalised(self, images: Tensor, positions: Tensor, mean: Tensor, std: Tensor) -> Tensor:
        """Chosen images, less the mean, over the standard deviation.

        Args:
            images: uint8 `[N, H, W, C]`.
            positions: int64 `[R, B]`.
            mean, std: float32 `[C]`.

        Returns:
            `[R, B, H, W, C]`, float32, or already rounded to the precision of the products.
        """
        return images[positions].float().sub_(mean).div_(std)


TORCH = Elementwise()
