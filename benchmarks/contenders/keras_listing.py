"""The paper's listing repaired: its CNN in Keras on TensorFlow, with layers that drop units."""

import importlib.util
import os
from typing import Any

import numpy as np

from benchmarks import examples
from benchmarks.contenders.base import Absent
from benchmarks.job import LEARNING_RATE, RATE, Job

# Whether XLA compiles the step, by the setting of the job. On a processor `fit` by itself does
# without, and XLA's bf16 convolutions there take minutes for what takes seconds without.
JIT = {"": "auto", "no XLA": False, "XLA": True}


class KerasContender:
    """`Sequential` and `fit`, as in the listing; images only."""

    def __init__(self, job: Job) -> None:
        missing = [name for name in ("keras", "tensorflow") if not importlib.util.find_spec(name)]
        if missing:
            raise Absent("keras/tensorflow not installed")
        os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        # By default TensorFlow takes the accelerator's whole memory from the others.
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        if job.device == "cpu":
            os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        import keras
        import tensorflow as tf

        self.keras, self.tf = keras, tf
        tf.config.threading.set_intra_op_parallelism_threads(job.threads)
        keras.utils.set_random_seed(job.seed)
        if job.precision == "bf16":
            keras.config.set_dtype_policy("mixed_bfloat16")
        (task,) = job.tasks.values()
        self.name = next(iter(job.tasks))
        images, self.targets, classes = examples.images(task, job.seed)
        self.inputs = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        self.batch = job.batch
        self.model = _model(keras, self.inputs.shape[1:], classes, JIT[job.setting])

    def repetition(self) -> dict[str, float]:
        """See `Contender`."""
        history = self.model.fit(
            self.inputs, self.targets, batch_size=self.batch, epochs=1, verbose=0
        )
        return {self.name: float(history.history["loss"][0])}

    def facts(self) -> dict[str, Any]:
        """See `Contender`."""
        gpus = self.tf.config.list_physical_devices("GPU")
        details = [self.tf.config.experimental.get_device_details(gpu) for gpu in gpus[:1]]
        return {
            "parameters": self.model.count_params(),
            "device": details[0].get("device_name", "GPU") if details else "CPU",
            "versions": {"keras": self.keras.__version__, "tensorflow": self.tf.__version__},
        }

    def device_memory(self) -> float | None:
        """See `Contender`."""
        if not self.tf.config.list_physical_devices("GPU"):
            return None
        return self.tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20


def _model(keras: Any, shape: tuple[int, ...], classes: int, jit: bool | str) -> Any:
    """The listing's layers; its labels are integers, hence the sparse loss."""
    layers = keras.layers
    shared_layer = layers.Conv2D(32, (3, 3), activation="relu")
    model = keras.Sequential(
        [
            keras.Input(shape),
            shared_layer,
            layers.Dropout(RATE),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Dropout(RATE),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(RATE),
            layers.Dense(classes, activation="softmax", dtype="float32"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit,
    )
    return model
