"""Contenders train the same model on the same data."""

import importlib.util
import math

import pytest
import torch
from benchmarks import examples, flops
from benchmarks.contenders.engine import EngineContender
from benchmarks.contenders.keras_listing import KerasContender
from benchmarks.contenders.plain import PlainContender
from benchmarks.contenders.plain_model import Lstm
from torch.utils.flop_counter import FlopCounterMode

from adsmtl.training.batches import Batch
from adsmtl.training.model import no_dropout

pytestmark = pytest.mark.slow

needs_keras = pytest.mark.skipif(
    not (importlib.util.find_spec("keras") and importlib.util.find_spec("tensorflow")),
    reason="keras/tensorflow not installed",
)


@pytest.fixture(scope="module")
def plain(job, joint) -> PlainContender:
    return PlainContender(job("plain", joint))


@pytest.fixture(scope="module")
def engine(job, joint) -> EngineContender:
    return EngineContender(job("engine", joint))


def test_plain_and_engine_have_equally_many_parameters(plain, engine):
    assert plain.facts()["parameters"] == engine.facts()["parameters"] > 1.5e6


def test_parameters_do_not_grow_with_replicas(engine, job, joint):
    several = EngineContender(job("engine", joint, replicas=2))
    assert several.facts()["parameters"] == engine.facts()["parameters"]


def test_engine_trains_on_the_examples_that_the_others_load(engine, joint):
    for name, task in joint.items():
        data = engine.engine.data[name]
        _, numbers = examples.chosen(task, seed=0)
        _, targets, classes = (examples.images if name == "vision" else examples.sequences)(task, 0)
        own = data.targets[data.splits["train"][0]].numpy()
        assert len(numbers) == len(own) == task.examples
        assert (own == targets).all()
        assert data.classes == classes


def test_engine_sees_the_pixels_that_the_others_see(engine, vision):
    inputs, _, _ = examples.images(vision["vision"], 0)
    data = engine.engine.data["vision"]
    batch = data.gather(data.splits["train"][0][None, :16])
    torch.testing.assert_close(batch.x[0], torch.from_numpy(inputs[:16]))


def test_formula_counts_the_operations_that_both_models_do(plain, engine):
    expected = 8 * flops.cnn_forward(3, 32, 32, 10)
    x = torch.zeros(8, 3, 32, 32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        plain.model("vision", x, None)
    assert counter.get_total_flops() == expected
    batch = Batch(x[None], None, torch.zeros(1, 8, dtype=torch.int64), torch.ones(1, 8))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        engine.engine.model.forward("vision", batch, no_dropout)
    assert counter.get_total_flops() == expected


def test_training_step_costs_three_passes_less_the_gradient_of_the_pixels(plain):
    x = torch.zeros(4, 3, 32, 32)
    with FlopCounterMode(display=False) as counter:
        plain.model("vision", x, None).sum().backward()
    pixels = 2 * 32 * 30 * 30 * 27
    assert counter.get_total_flops() == 4 * (3 * flops.cnn_forward(3, 32, 32, 10) - pixels)


def test_formula_counts_the_operations_of_sequences(engine):
    model, data = engine.engine.model, engine.engine.data["speech"]
    bands, classes, frames = data.input_shape[2], data.classes, 9
    x = torch.zeros(1, 2, 3, frames, bands)
    lengths = torch.full((1, 2), frames)
    batch = Batch(x, lengths, torch.zeros(1, 2, dtype=torch.int64), torch.ones(1, 2))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.forward("speech", batch, no_dropout)
    hidden = 2 * 128 * 512  # the first step has no state to multiply
    expected = flops.lstm_forward(3, frames, bands, classes) - hidden
    assert counter.get_total_flops() == 2 * expected


def test_plain_lstm_reads_the_last_real_frame():
    torch.manual_seed(0)
    branch = Lstm(bands=4, classes=5).eval()
    short = torch.randn(1, 32, 6, 4)
    padded = torch.cat([short, torch.randn(1, 32, 3, 4)], dim=2)
    both = branch(torch.cat([padded, torch.randn_like(padded)]), torch.tensor([6, 9]))
    torch.testing.assert_close(both[:1], branch(short, torch.tensor([6])))


def test_plain_loop_and_engine_learn_alike(plain, engine):
    courses = [[one.repetition() for _ in range(4)] for one in (plain, engine)]
    for task in ("vision", "speech"):
        first, second = ([losses[task] for losses in course] for course in courses)
        assert first[-1] == pytest.approx(second[-1], abs=0.5)
        assert first[-1] < first[0] - 0.5
        assert second[-1] < second[0] - 0.5


@needs_keras
def test_keras_has_the_same_parameters_and_operations_and_learns_alike(job, vision):
    keras = KerasContender(job("keras", vision))
    plain = PlainContender(job("plain", vision))
    assert keras.facts()["parameters"] == plain.facts()["parameters"]
    forward = 0
    for layer in keras.model.layers:
        if hasattr(layer, "kernel"):
            positions = math.prod(layer.output.shape[1:-1])
            forward += 2 * positions * math.prod(layer.kernel.shape)
    assert forward == flops.cnn_forward(3, 32, 32, 10)
    assert [layer.rate for layer in keras.model.layers if hasattr(layer, "rate")] == [0.3] * 3
    for _ in range(3):
        first, second = keras.repetition()["vision"], plain.repetition()["vision"]
    assert first == pytest.approx(second, abs=0.35)
