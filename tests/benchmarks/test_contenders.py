"""Contenders train the same model on the same data."""

import dataclasses
import importlib.util
import math
import statistics

import pytest
import torch
import torch.nn.functional as F
from benchmarks import examples, flops
from benchmarks.contenders import plain_model
from benchmarks.contenders.engine import EngineContender
from benchmarks.contenders.keras_listing import KerasContender
from benchmarks.contenders.plain import PlainContender
from benchmarks.contenders.plain_model import Lstm
from torch.utils.flop_counter import FlopCounterMode

from adsmtl.training.batches import Batch
from adsmtl.training.model import no_dropout

pytestmark = pytest.mark.slow

NAMES = ("vision.conv", "vision.hidden", "vision.output")
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


def _copy_weights(plain: PlainContender, engine: EngineContender) -> None:
    """Give the plain loop's model the values of the engine's first replica."""
    for name, own in plain.model.named_parameters():
        if own.requires_grad:
            with torch.no_grad():
                own.copy_(_as_plain(name, _of_engine(name, engine.engine.model.params)[0]))


def _of_engine(name: str, values: dict[str, torch.Tensor]) -> torch.Tensor:
    """The engine's value of a parameter of the plain model."""
    name = name.removeprefix("branches.")
    for own, others in (
        ("lstm.weight_ih_l0", "lstm.input_weight"),
        ("lstm.weight_hh_l0", "lstm.hidden_weight"),
        ("lstm.bias_ih_l0", "lstm.bias"),
    ):
        name = name.replace(own, others)
    return values[name]


def _as_plain(name: str, value: torch.Tensor) -> torch.Tensor:
    """The engine flattens feature maps with the channels fastest, the plain model slowest."""
    match name.rpartition("branches.")[2]:
        case "vision.hidden.weight":
            return value.view(128, 14, 14, 64).permute(0, 3, 1, 2).flatten(1)
        case "speech.lstm.weight_ih_l0":
            return value.view(512, 38, 32).transpose(1, 2).flatten(1)
    return value


@pytest.mark.parametrize("task", ["vision", "speech"])
def test_equal_weights_give_equal_losses_and_gradients(job, joint, task):
    plain, engine = PlainContender(job("plain", joint)), EngineContender(job("engine", joint))
    _copy_weights(plain, engine)
    data = engine.engine.data[task]
    batch = data.gather(data.splits["train"][0][None, :16])
    lengths = None if batch.lengths is None else batch.lengths[0]
    own = F.cross_entropy(plain.model.eval()(task, batch.x[0], lengths), batch.targets[0])
    logits = engine.engine.model.forward(task, batch, no_dropout)
    other = F.cross_entropy(logits[0], batch.targets[0])
    assert own.item() == pytest.approx(other.item(), rel=1e-5)
    own.backward()
    other.backward()
    compared = 0
    gradients = {name: value.grad for name, value in engine.engine.model.params.items()}
    for name, value in plain.model.named_parameters():
        if value.grad is not None:
            found = _as_plain(name, _of_engine(name, gradients)[0])
            torch.testing.assert_close(value.grad, found, rtol=1e-3, atol=1e-5)
            compared += 1
    assert compared == sum(g is not None for g in gradients.values()) >= 7


def _same_spread(own: torch.Tensor, other: torch.Tensor) -> None:
    own, other = own.detach(), other.detach()
    spread = float(own.std(correction=0))
    assert spread == pytest.approx(float(other.std(correction=0)), rel=0.1)
    assert float(own.mean()) == pytest.approx(float(other.mean()), abs=0.1 * spread)


def test_initial_values_have_one_distribution(job, joint):
    plain, engine = PlainContender(job("plain", joint)), EngineContender(job("engine", joint))
    for name, value in plain.model.named_parameters():
        if value.requires_grad:
            _same_spread(value, _of_engine(name, engine.engine.model.params)[0])


def test_plain_loop_and_engine_drop_equally_many_units_at_equal_places(engine, monkeypatch):
    seen = []

    def dropout(x: torch.Tensor, rate: float, training: bool) -> torch.Tensor:
        seen.append((tuple(x.shape), rate))
        return x

    monkeypatch.setattr(plain_model.F, "dropout", dropout)
    stepper, model = engine.engine._stepper, engine.engine.model
    engine.engine._begin_epoch()
    branches = {"vision": plain_model.Cnn(30, 30, 10), "speech": plain_model.Lstm(38, 5)}
    plain = plain_model.MultiTask(branches).train()
    plain("vision", torch.zeros(2, 3, 32, 32), None)
    plain("speech", torch.zeros(2, 3, 9, 40), torch.tensor([9, 7]))
    sites = [(task, site) for task in ("vision", "speech") for site in model.sites(task)]
    assert [shape for shape, _ in seen] == [
        (2, 32, 30, 30), (2, 64, 14, 14), (2, 128), (2, 32, 7, 38), (2, 128)
    ]  # fmt: skip
    assert sites == [
        ("vision", "shared"), ("vision", "conv"), ("vision", "hidden"),
        ("speech", "shared"), ("speech", "lstm"),
    ]  # fmt: skip
    for (task, site), (_, rate) in zip(sites, seen, strict=True):
        assert float(stepper.rates[task][site].threshold[0]) / 256 == pytest.approx(rate, abs=0.002)


def test_losses_agree_over_seeds(job, vision):
    """The mean over seeds, since one seed gives the contenders different weights and masks."""
    tasks = {"vision": dataclasses.replace(vision["vision"], examples=64)}
    ends: dict[str, list[float]] = {"plain": [], "engine": []}
    for seed in range(6):
        for name, contender in (("plain", PlainContender), ("engine", EngineContender)):
            one = contender(job(name, tasks, batch=16, seed=seed))
            losses = [one.repetition()["vision"] for _ in range(4)]
            assert losses[-1] < losses[0] - 0.5
            ends[name].append(losses[-1])
    plain, engine = ends.values()
    error = math.sqrt((statistics.variance(plain) + statistics.variance(engine)) / 6)
    assert abs(statistics.mean(plain) - statistics.mean(engine)) < 4 * error


@needs_keras
def test_keras_starts_as_the_engine_and_gives_equal_probabilities_with_its_weights(job, vision):
    keras = KerasContender(job("keras", vision))
    engine = EngineContender(job("engine", vision))
    params = engine.engine.model.params
    layers = [layer for layer in keras.model.layers if hasattr(layer, "kernel")]
    for name, layer in zip(("shared", *NAMES), layers, strict=True):
        weight, bias = params[f"{name}.weight"][0].detach(), params[f"{name}.bias"][0].detach()
        kernel = weight.permute(2, 3, 1, 0) if weight.dim() == 4 else weight.T
        start, offset = layer.get_weights()
        _same_spread(torch.from_numpy(start), kernel)
        assert (offset == 0).all()
        assert (bias == 0).all()
        layer.set_weights([kernel.numpy(), bias.numpy()])
    data = engine.engine.data["vision"]
    batch = data.gather(data.splits["train"][0][None, :16])
    found = keras.model(keras.inputs[:16], training=False).numpy()
    expected = engine.engine.model.forward("vision", batch, no_dropout)[0].softmax(1).detach()
    torch.testing.assert_close(torch.from_numpy(found), expected, rtol=1e-3, atol=1e-5)


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
