"""The parts of the listing's program in Keras's calls, and data of the right shapes.

Importing this module imports Keras, so only probes do it.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

EXAMPLES, IMAGE_CLASSES, PHONES = 16, 10, 61
RATE = 0.2

_random = np.random.default_rng(0)
IMAGES = _random.random((EXAMPLES, 32, 32, 3), dtype=np.float32)
# Speech as the shared layer wants it: [example, frame, band, channel].
SPEECH = _random.random((EXAMPLES, 20, 40, 3), dtype=np.float32)
IMAGE_CLASS = _random.integers(IMAGE_CLASSES, size=(EXAMPLES, 1))  # integers, as Keras has them
IMAGE_TARGETS = np.eye(IMAGE_CLASSES, dtype=np.float32)[IMAGE_CLASS[:, 0]]
PHONE_TARGETS = np.eye(PHONES, dtype=np.float32)[_random.integers(PHONES, size=EXAMPLES)]


def shared_layer() -> layers.Layer:
    """The convolution that both networks begin with."""
    return layers.Conv2D(32, (3, 3), activation="relu")


def image_model(shared: layers.Layer) -> keras.Sequential:
    """The listing's image network, compiled as there."""
    return _compiled(
        shared,
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(IMAGE_CLASSES, activation="softmax"),
    )


def speech_model(shared: layers.Layer, *between: layers.Layer) -> keras.Sequential:
    """The listing's speech network, compiled as there.

    Args:
        shared: the convolution.
        between: layers after it; the listing has none.
    """
    return _compiled(shared, *between, layers.LSTM(128), layers.Dense(PHONES, activation="softmax"))


def frames() -> layers.Layer:
    """The repair of the speech network: each frame's bands and channels become one axis."""
    return layers.Reshape((SPEECH.shape[1] - 2, -1))  # the unpadded convolution takes two frames


def _compiled(*stack: layers.Layer) -> keras.Sequential:
    model = keras.Sequential()
    for layer in stack:
        model.add(layer)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


class SwitchDropout(keras.callbacks.Callback):
    """What the listing's callback does: an attribute, set when training begins and zeroed.

    Args:
        models: it sets `dropout` on all their layers but the last.
        rate: the value until the first epoch ends.
    """

    def __init__(self, models: Sequence[keras.Model], rate: float = RATE) -> None:
        super().__init__()
        self.layers = [layer for model in models for layer in model.layers[:-1]]
        self.rate = rate

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Set the rate."""
        for layer in self.layers:
            layer.dropout = self.rate

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Set 0, after every epoch."""
        for layer in self.layers:
            layer.dropout = 0.0
