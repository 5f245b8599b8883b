"""Parameters and floating-point operations of the model, from its shapes.

A product of `[n, k]` and `[k, m]` counts 2 n k m; convolutions count as such products, padding
and everything else (biases, activations, pooling, masks, Adam) as nothing. A training step is
taken as three forward passes: the gradient of the weights and that of the inputs cost one each.
For the first convolution that is one too many, since nobody needs the gradient of the pixels.
"""

from adsmtl.tasks.speech import HIDDEN as LSTM_HIDDEN
from adsmtl.tasks.vision import CHANNELS as CNN_CHANNELS
from adsmtl.tasks.vision import HIDDEN as CNN_HIDDEN
from adsmtl.training.model import KERNEL, SHARED_CHANNELS

TRAINING = 3  # forward passes that a training step costs


def cnn_forward(channels: int, height: int, width: int, classes: int) -> int:
    """Operations of one image's forward pass, the shared layer included."""
    shared = _conv(channels, SHARED_CHANNELS, height - 2, width - 2)
    own = _conv(SHARED_CHANNELS, CNN_CHANNELS, height - 4, width - 4)
    features = CNN_CHANNELS * ((height - 4) // 2) * ((width - 4) // 2)
    return shared + own + 2 * features * CNN_HIDDEN + 2 * CNN_HIDDEN * classes


def lstm_forward(channels: int, frames: float, bands: int, classes: int) -> float:
    """Operations of one sequence's forward pass, the shared layer included; real frames only."""
    left = frames - KERNEL + 1
    shared = _conv(channels, SHARED_CHANNELS, left, bands - 2)
    inputs = SHARED_CHANNELS * (bands - 2)
    return shared + left * 2 * (inputs + LSTM_HIDDEN) * 4 * LSTM_HIDDEN + 2 * LSTM_HIDDEN * classes


def _conv(inputs: int, outputs: int, height: float, width: int) -> float:
    return 2 * outputs * height * width * inputs * KERNEL**2
