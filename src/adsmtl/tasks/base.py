"""What a branch has to offer, and the parameters it declares."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from adsmtl.tasks.gates import TORCH, Gates

Initialiser = Literal["glorot", "orthogonal", "zeros", "lstm-bias"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of one replica.

    Attributes:
        shape: without the replica axis; weights are `[out, in, ...]`.
        initialiser: Keras's defaults, because the paper's listing is Keras.
    """

    shape: tuple[int, ...]
    initialiser: Initialiser

    @property
    def is_weight(self) -> bool:
        """Whether the L2 penalty counts it; biases are left out."""
        return len(self.shape) > 1


class Drop(Protocol):
    """One forward pass's dropout: what happens to an activation at a named site."""

    def __call__(self, x: Tensor, site: str, relu: bool, pool: int = 1) -> Tensor:
        """`x` (`[R, B, ...]`) with units dropped.

        Args:
            relu: whether it is rectified first.
            pool: side of the windows of which the largest element is taken before that; feature
                maps only.
        """
        ...


class Branch(Protocol):
    """The task-specific part of the model.

    Attributes:
        sites: names of its dropout sites, in order, beside the shared one.
        readers: for `shared` and every site, the weight that reads the units dropped there.
    """

    sites: tuple[str, ...]
    readers: Mapping[str, str]

    def __init__(self, shared_shape: tuple[int, ...], classes: int) -> None:
        """A branch on a shared representation `[channels, height, width]` of one example."""
        ...

    def parameters(self) -> dict[str, Parameter]:
        """Parameters by name."""
        ...

    def forward(
        self,
        params: Mapping[str, Tensor],
        shared: Tensor,
        lengths: Tensor | None,
        drop: Drop,
        gates: Gates = TORCH,
    ) -> Tensor:
        """Logits of a batch.

        Args:
            params: by name, each with a leading replica axis.
            shared: `[R, B, channels, height, width]`.
            lengths: int64 `[R, B]`, real rows of each example's shared representation where
                examples vary in length; None where they do not.
            drop: dropout of this pass.
            gates: what computes those of an LSTM.

        Returns:
            `[R, B, classes]`.
        """
        ...
