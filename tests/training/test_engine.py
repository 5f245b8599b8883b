"""The engine: it learns, equal runs give equal bits, and replicas do not notice each other."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from torch import Tensor

from adsmtl.data.prepared import Prepared
from adsmtl.dropout import masks
from adsmtl.dropout.schedules import Adsmtl, Concrete, Fixed, ListingIntent, NoDropout
from adsmtl.study import Examples, Run
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine, steps_per_epoch
from adsmtl.training.model import no_dropout

ARMS = [
    tiny.run(NoDropout(), 0, arm_id="none"),
    tiny.run(Fixed(0.5), 0, arm_id="fixed"),
    tiny.run(Fixed(0.3), 1, arm_id="another-seed"),
    tiny.run(tiny.ADSMTL, 0, arm_id="adsmtl", l2=1e-2),
    tiny.run(ListingIntent(0.4), 2, arm_id="listing", site="shared"),
]


def trained(runs: list[Run], prepared: dict[str, Prepared], machine: Machine) -> Engine:
    engine = Engine(runs, prepared, machine)
    for _ in range(engine.training.epochs):
        engine.run_epoch()
    return engine


def timeless(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: v for key, v in record.items() if key != "seconds"} for record in history]


def numbers(value: Any) -> list[float]:
    """All numbers of a record, in order."""
    if isinstance(value, dict):
        return [number for own in value.values() for number in numbers(own)]
    if isinstance(value, list):
        return [number for own in value for number in numbers(own)]
    return [float(value)]


def same_bits(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def together(prepared: dict, machine: Machine) -> Engine:
    """All arms trained at once."""
    return trained(ARMS, prepared, machine)


def test_it_learns_both_problems(prepared: dict, machine: Machine) -> None:
    engine = trained([tiny.run(Fixed(0.2), epochs=12)], prepared, machine)
    last = engine.history[0][-1]["tasks"]
    assert last["vision"]["val"]["accuracy"] > 0.8  # chance is 1/3
    assert last["speech"]["val"]["accuracy"] > 0.6  # chance is 1/4
    first = engine.history[0][0]["tasks"]
    for name in ("vision", "speech"):
        assert last[name]["val"]["loss"] < 0.8 * first[name]["val"]["loss"]


def test_equal_runs_give_equal_bits(prepared: dict, machine: Machine) -> None:
    run = tiny.run(tiny.ADSMTL, seed=3, l2=1e-3)
    one, other = (trained([run], prepared, machine) for _ in range(2))
    assert timeless(one.history[0]) == timeless(other.history[0])
    assert same_bits(one.state(0), other.state(0))


def test_seeds_and_schedules_give_other_numbers(together: Engine) -> None:
    finals = [history[-1]["tasks"]["vision"]["loss"] for history in together.history]
    assert len(set(finals)) == len(ARMS)


@pytest.mark.parametrize("r", range(len(ARMS)))
def test_a_run_does_not_notice_what_is_trained_beside_it(
    r: int, together: Engine, prepared: dict, machine: Machine
) -> None:
    alone = trained([ARMS[r]], prepared, machine)
    # Batched kernels add in another order: float32 rounding, about 1e-7 per step. 12 steps of Adam
    # leave 1e-6 of it (a mistake, such as a neighbour's mask, leaves 1e-2), with room for other
    # processors; no accuracy, of at most 60 examples, may differ by a whole example.
    found, expected = (numbers(timeless(e.history[i])) for e, i in ((together, r), (alone, 0)))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for one, other in zip(together.history[r], alone.history[0], strict=True):
        for name in ("vision", "speech"):
            assert one["tasks"][name]["rates"] == other["tasks"][name]["rates"]
    state, reference = together.state(r), alone.state(0)
    for name, value in reference.items():
        if name.startswith("param."):
            error = (state[name] - value).norm() / value.norm().clamp(min=1e-3)
            assert error < 1e-4, name


def test_rates_by_hand(together: Engine) -> None:
    """The rates of every arm, in steps of 1/256, at the sites in its scope."""

    def rates(r: int, epoch: int, task: str = "vision") -> dict[str, float]:
        return together.history[r][epoch]["tasks"][task]["rates"]

    for epoch in (0, 1):
        assert rates(0, epoch) == {"shared": 0.0, "specific": 0.0}
        assert rates(1, epoch) == {"shared": 0.5, "specific": 0.5}
    assert rates(2, 0, "speech") == pytest.approx({"shared": 77 / 256, "specific": 77 / 256})
    assert rates(4, 0) == pytest.approx({"shared": 102 / 256, "specific": 0.0})
    assert rates(4, 1) == {"shared": 0.0, "specific": 0.0}


def test_adsmtl_acts_on_the_difficulties_that_the_history_shows(together: Engine) -> None:
    first, second = together.history[3]
    classes = {"vision": 3, "speech": 4}
    shown = {name: task["difficulty"] for name, task in first["tasks"].items()}
    for name, difficulty in shown.items():
        expected = first["tasks"][name]["loss"] / math.log(classes[name])
        assert difficulty == pytest.approx(expected, rel=1e-6)
    mean = sum(shown.values()) / 2
    for name, task in second["tasks"].items():
        wanted = 0.2 + 0.5 * (mean - shown[name])
        assert task["rates"]["shared"] == pytest.approx(wanted, abs=0.5 / 256 + 1e-6)
        smooth = 0.5 * shown[name] + 0.5 * task["difficulty"]
        assert task["smoothed"] == pytest.approx(smooth)
    rates = {name: task["rates"]["shared"] for name, task in second["tasks"].items()}
    harder = max(shown, key=shown.get)
    assert rates[harder] < min(rate for name, rate in rates.items() if name != harder)


def test_a_rate_far_apart_shows_in_the_training_loss(prepared: dict, machine: Machine) -> None:
    """Dropping units is what training sees and evaluation does not."""
    runs = [tiny.run(NoDropout(), epochs=6), tiny.run(Fixed(0.9), epochs=6)]
    free, dropped = (h[-1]["tasks"]["vision"] for h in trained(runs, prepared, machine).history)
    assert dropped["loss"] > free["loss"] + 0.1
    assert dropped["loss"] > dropped["train"]["loss"] + 0.05


def test_every_site_step_and_epoch_has_a_mask_of_its_own(
    prepared: dict, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, ...]] = []
    original = masks.keep_mask

    def keep_mask(keys: Tensor, *rest: Any) -> Tensor:
        drawn.append(tuple(keys.tolist()))
        return original(keys, *rest)

    monkeypatch.setattr(masks, "keep_mask", keep_mask)
    trained([tiny.run(Fixed(0.3), 0), tiny.run(Fixed(0.3), 1)], prepared, machine)
    assert len(drawn) == 2 * 6 * (3 + 2)  # epochs, steps, sites of vision and speech
    keys = [key for own in drawn for key in own]
    assert len(set(keys)) == len(keys) == 2 * len(drawn)


def test_lambda_shrinks_the_weights_of_its_own_run(prepared: dict, machine: Machine) -> None:
    runs = [tiny.run(l2=0.0, epochs=3), tiny.run(l2=1.0, epochs=3)]
    free, shrunk = (h[-1]["penalty"] for h in trained(runs, prepared, machine).history)
    assert shrunk < 0.9 * free


def test_a_step_is_adam_on_the_sum_of_the_objectives(prepared: dict, machine: Machine) -> None:
    """One epoch of one step against torch's autograd and Adam."""
    run = tiny.run(l2=0.1, epochs=1, batch_size=1000)
    engine = Engine([run], prepared, machine)
    assert engine.steps == 1
    start = {name: value.detach().clone() for name, value in engine.model.params.items()}
    engine.run_epoch()

    other = Engine([run], prepared, machine)
    adam = torch.optim.Adam(other.model.params.values(), lr=1e-3)
    total = torch.zeros(())
    for name in ("vision", "speech"):
        batch = other.data[name].gather(other.data[name].splits["train"][0][None])
        logits = other.model.forward(name, batch, no_dropout)
        total = total + torch.nn.functional.cross_entropy(logits[0], batch.targets[0])
    weights = [v for n, v in other.model.params.items() if n.endswith("weight")]
    total = total + 0.1 / 2 * sum(weight.square().sum() for weight in weights)
    total.backward()
    gradients = {name: value.grad.clone() for name, value in other.model.params.items()}
    adam.step()
    for name, value in engine.model.params.items():
        # where a gradient is rounding alone, Adam's first step has its sign and nothing more
        clear = gradients[name].abs() > 1e-5
        assert clear.any(), name
        moved = (value - start[name])[clear]
        expected = (other.model.params[name] - start[name])[clear]
        assert torch.allclose(moved, expected, atol=2e-5), name


def test_a_replica_that_is_not_finite_touches_no_neighbour(
    prepared: dict, machine: Machine, together: Engine
) -> None:
    engine = Engine(ARMS, prepared, machine)
    with torch.no_grad():
        engine.model.params["shared.weight"][1, 0] = torch.inf
    for _ in range(2):
        engine.run_epoch()
    assert [engine.failed(r) for r in range(len(ARMS))] == [False, True, False, False, False]
    for r in (0, 2, 3, 4):
        assert timeless(engine.history[r]) == timeless(together.history[r])
        assert same_bits(engine.state(r), together.state(r))


def test_a_run_whose_last_step_diverged_has_failed(prepared: dict, machine: Machine) -> None:
    """Every training loss was finite, what the last update left behind is not."""
    engine = trained([tiny.run(epochs=1)], prepared, machine)
    assert not engine.failed(0)
    engine.history[0][-1]["tasks"]["vision"]["val"]["loss"] = math.nan
    assert engine.failed(0)


def test_training_continues_to_the_same_bits(prepared: dict, machine: Machine) -> None:
    runs = [replace(run, training=replace(run.training, epochs=3)) for run in ARMS[:4]]
    whole = trained(runs, prepared, machine)
    begun = Engine(runs, prepared, machine)
    begun.run_epoch()
    continued = Engine(runs, prepared, machine)
    continued.load_state([begun.state(r) for r in range(4)], begun.history)
    assert continued.epoch == 1
    for _ in range(2):
        continued.run_epoch()
    for r in range(4):
        assert timeless(continued.history[r]) == timeless(whole.history[r])
        assert same_bits(continued.state(r), whole.state(r))


def test_replicas_resume_from_one_epoch_alone(prepared: dict, machine: Machine) -> None:
    engine = trained(ARMS[:2], prepared, machine)
    states = [engine.state(r) for r in range(2)]
    with pytest.raises(ValueError, match="same epoch"):
        engine.load_state(states, [engine.history[0], engine.history[1][:1]])


def test_test_examples_influence_nothing_but_their_own_scores(
    prepared: dict, machine: Machine
) -> None:
    vision, speech = prepared["vision"], prepared["speech"]
    poisoned = {}
    for name, source in (("vision", vision), ("speech", speech)):
        (target,) = source.targets
        test = Engine([tiny.run(seed=0)], prepared, machine).data[name].splits["test"][0].numpy()
        labels = source.targets[target].copy()
        labels[test] = 0
        inputs = source.inputs.copy()
        if source.spans is None:
            inputs[test] = 255
        poisoned[name] = replace(source, inputs=inputs, targets={target: labels})
    run = tiny.run(tiny.ADSMTL)
    clean, other = trained([run], prepared, machine), trained([run], poisoned, machine)
    for engine in (clean, other):
        tested = [task.pop("test") for one in engine.history[0] for task in one["tasks"].values()]
        assert len(tested) == 4
    assert timeless(clean.history[0]) == timeless(other.history[0])
    assert same_bits(clean.state(0), other.state(0))
    for name in ("vision", "speech"):
        assert clean.scores(name, "test") != other.scores(name, "test")


def test_validation_examples_influence_no_parameter(prepared: dict, machine: Machine) -> None:
    source = prepared["vision"]
    labels = source.targets["label"].copy()
    labels[source.split == 1] = 0
    other = {**prepared, "vision": replace(source, targets={"label": labels})}
    run = tiny.run(tiny.ADSMTL)
    one, two = trained([run], prepared, machine), trained([run], other, machine)
    assert same_bits(one.state(0), two.state(0))
    val = [e.history[0][-1]["tasks"]["vision"]["val"]["loss"] for e in (one, two)]
    assert val[0] != val[1]


def test_single_and_multi_task_arms_take_the_same_steps(prepared: dict) -> None:
    # 60 images and 40 sequences: the larger task sets the pace, 6 batches of 10
    for tasks in (None, ("vision",), ("speech",)):
        assert steps_per_epoch(tiny.run(tasks=tasks), prepared) == 6
    assert steps_per_epoch(tiny.run(batch_size=7), prepared) == 9
    limited = tiny.run(limits={"vision": Examples(train=12)})
    assert steps_per_epoch(limited, prepared) == 4  # of 40 sequences


def test_a_single_task_arm_sees_the_same_batches(prepared: dict, machine: Machine) -> None:
    multi = Engine([tiny.run()], prepared, machine)
    single = Engine([tiny.run(tasks=("speech",))], prepared, machine)
    assert set(single.tasks) == {"speech"}
    assert torch.equal(
        multi._batches("speech", 1).positions, single._batches("speech", 1).positions
    )
    first, second = (multi._batches("speech", epoch).positions for epoch in (1, 2))
    assert not torch.equal(first, second)


def test_arms_of_a_seed_see_the_same_batches_and_seeds_their_own(
    prepared: dict, machine: Machine
) -> None:
    engine = Engine(ARMS, prepared, machine)
    for name in ("vision", "speech"):
        table = engine._batches(name, 1).positions
        assert torch.equal(table[0], table[1])
        assert torch.equal(table[0], table[3])
        assert not torch.equal(table[0], table[2])
        for r, row in enumerate(table):
            seen = row[row >= 0].sort().values
            assert torch.equal(seen, engine.data[name].splits["train"][r].sort().values)


def test_every_example_is_trained_on_once_an_epoch(prepared: dict, machine: Machine) -> None:
    """The recorded training loss is the mean over all examples, whatever the batches."""
    run = tiny.run(epochs=1, batch_size=7)
    run = replace(run, training=replace(run.training, learning_rate=1e-12))
    engine = Engine([run], prepared, machine)
    before = {name: engine.scores(name, "train")[0] for name in engine.tasks}
    engine.run_epoch()
    for name, task in engine.history[0][0]["tasks"].items():
        assert task["loss"] == pytest.approx(before[name]["loss"], rel=1e-5)
        assert task["accuracy"] == pytest.approx(before[name]["accuracy"])


def test_fewer_examples_than_steps_are_trained_on(prepared: dict, machine: Machine) -> None:
    run = tiny.run(tiny.ADSMTL, epochs=1, limits={"speech": Examples(train=3)})
    engine = trained([run], prepared, machine)
    assert engine.steps == 6
    assert all(math.isfinite(number) for number in numbers(engine.history[0]))


def test_runs_of_unequal_steps_are_not_trained_at_once(machine: Machine) -> None:
    """Folds of unequal size: a seed would train for its neighbour's number of steps."""
    uneven = {"vision": tiny.images(train=20), "speech": tiny.sequences(extra=12)}
    runs = [tiny.run(seed=seed, batch_size=4) for seed in range(4)]
    steps = [steps_per_epoch(run, uneven) for run in runs]
    assert len(set(steps)) > 1
    with pytest.raises(ValueError, match="alike"):
        Engine(runs, uneven, machine)


@pytest.mark.parametrize(
    "other",
    [
        tiny.run(epochs=3),
        tiny.run(tasks=("vision",)),
        tiny.run(limits={"vision": Examples(train=59)}),
        tiny.run(train_fraction=0.9),
        tiny.run(Concrete()),
    ],
)
def test_runs_of_other_settings_are_not_trained_at_once(
    other: Run, prepared: dict, machine: Machine
) -> None:
    with pytest.raises(ValueError, match="alike"):
        Engine([tiny.run(), other], prepared, machine)


def test_progress_counts_the_steps(prepared: dict, machine: Machine) -> None:
    calls: list[tuple[int, int]] = []
    Engine([tiny.run()], prepared, machine).run_epoch(lambda *call: calls.append(call))
    assert calls == [(step, 6) for step in range(1, 7)]


def test_evaluation_of_training_examples_is_limited(prepared: dict, machine: Machine) -> None:
    run = tiny.run(epochs=1, eval_train=9)
    engine = trained([run], prepared, machine)
    shown = engine.history[0][0]["tasks"]["vision"]["train"]
    assert shown == engine.scores("vision", "train", 9)[0]
    assert shown != engine.scores("vision", "train")[0]


def test_all_validation_and_test_examples_are_evaluated_at_the_end_alone(
    prepared: dict, machine: Machine
) -> None:
    run = tiny.run(epochs=5, eval_val=9)
    engine = Engine([run], prepared, machine)
    for epoch in range(1, 6):
        engine.run_epoch()
        for name, own in engine.history[0][-1]["tasks"].items():
            part, whole = engine.scores(name, "val", 9)[0], engine.scores(name, "val")[0]
            assert part != whole
            assert own["val"] == (part if epoch <= 2 else whole)
            assert own["val_part"] == pytest.approx(part, rel=1e-5)
            assert own.get("test") == (None if epoch <= 2 else engine.scores(name, "test")[0])


def test_what_is_evaluated_changes_no_parameter(prepared: dict, machine: Machine) -> None:
    runs = [tiny.run(Fixed(0.3)), tiny.run(Fixed(0.3), eval_train=5, eval_val=5)]
    one, other = (trained([run], prepared, machine) for run in runs)
    assert same_bits(one.state(0), other.state(0))


@pytest.mark.parametrize("signal", ["validation-loss", "validation-error", "generalisation-gap"])
def test_signals_of_generalisation_are_those_of_evaluations_with_all_units_on(
    signal: str, prepared: dict, machine: Machine
) -> None:
    engine = trained([tiny.run(Adsmtl(p0=0.5, difficulty=signal), epochs=1)], prepared, machine)
    for name, classes in (("vision", 3), ("speech", 4)):
        train, val = (engine.scores(name, split)[0] for split in ("train", "val"))
        expected = {
            "validation-loss": val["loss"] / math.log(classes),
            "validation-error": 1 - val["accuracy"],
            "generalisation-gap": (val["loss"] - train["loss"]) / math.log(classes),
        }
        found = engine.history[0][0]["tasks"][name]
        assert found["difficulty"] == pytest.approx(expected[signal])
        assert found["loss"] != pytest.approx(train["loss"])


def test_predictions_are_of_the_parameters_of_now(prepared: dict, machine: Machine) -> None:
    engine = trained([tiny.run(epochs=1)], prepared, machine)
    kept = engine.tested("vision")[0][0]
    shown = engine.history[0][0]["tasks"]["vision"]["test"]
    assert shown == engine.scores("vision", "test")[0]
    assert kept.any()
    zeros = {name: torch.zeros_like(own[0]) for name, own in engine.model.params.items()}
    engine.load_parameters([zeros])
    assert not engine.tested("vision")[0][0].any()
    engine.run_epoch()
    assert engine.tested("vision")[0][0].any()


def test_bf16_rounds_products_and_nothing_else(prepared: dict) -> None:
    machine = Machine(torch.device("cpu"), "bf16", 1)
    exact = trained([tiny.run(Fixed(0.3))], prepared, Machine(torch.device("cpu"), "fp32", 1))
    rounded = trained([tiny.run(Fixed(0.3))], prepared, machine)
    assert all(value.dtype == torch.float32 for value in rounded.state(0).values())
    one, other = (e.history[0][-1]["tasks"]["vision"]["loss"] for e in (exact, rounded))
    assert one != other
    assert one == pytest.approx(other, rel=0.05)


def test_adsmtl_without_strength_is_the_fixed_rate(prepared: dict, machine: Machine) -> None:
    runs = [tiny.run(Fixed(0.2)), tiny.run(Adsmtl(p0=0.2, kappa=0))]
    engine = trained(runs, prepared, machine)
    assert same_bits(engine.state(0), engine.state(1))
