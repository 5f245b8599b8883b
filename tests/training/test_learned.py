"""What is learned beside the network: loss weights and dropout rates, and given weights."""

import math

import pytest
import tiny
import torch

from adsmtl.dropout.schedules import Concrete, Fixed
from adsmtl.training import learned
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine
from adsmtl.training.model import no_dropout
from adsmtl.training.objective import weighted
from adsmtl.weighting import DynamicWeightAverage, Uncertainty

UNCERTAIN = tiny.run(seed=1, arm_id="uncertainty", weighting=Uncertainty(), epochs=3)
DYNAMIC = tiny.run(seed=1, arm_id="dynamic", weighting=DynamicWeightAverage(), epochs=3)
PLAIN = tiny.run(seed=1, arm_id="plain", epochs=3)
LEARNED = tiny.run(Concrete(), seed=1, arm_id="concrete", epochs=3)


def trained(runs: list, prepared: dict, machine: Machine) -> Engine:
    engine = Engine(runs, prepared, machine)
    for _ in range(engine.training.epochs):
        engine.run_epoch()
    return engine


def test_weighted_losses_by_hand() -> None:
    loss, weight = torch.tensor([2.0, 3.0]), torch.tensor([0.5, 1.0])
    log_variance = torch.tensor([9.0, math.log(4)])
    mixed = weighted(loss, weight, log_variance, torch.tensor([False, True]))
    assert mixed.tolist() == pytest.approx([0.5 * 2, 3 / 4 + math.log(4) / 2])
    assert weighted(loss, weight, None, torch.tensor([False, False])).tolist() == [1.0, 3.0]


def test_the_best_log_variance_is_the_logarithm_of_twice_the_loss() -> None:
    """exp(-s) L + s / 2 is least where s = ln(2 L)."""
    loss = torch.tensor([0.7])
    s = torch.full((1,), math.log(2 * 0.7), requires_grad=True)
    weighted(loss, torch.ones(1), s, torch.tensor([True])).sum().backward()
    assert s.grad.item() == pytest.approx(0, abs=1e-6)


def test_learned_weights_move_towards_their_optimum(prepared: dict, machine: Machine) -> None:
    engine = trained([UNCERTAIN], prepared, machine)
    for task in ("vision", "speech"):
        first = engine.history[0][0]["tasks"][task]
        assert first["loss"] > 0.5  # and so asks for a weight below 1
        # Adam moves s by about its rate of 1e-3 in each of the six steps.
        assert math.exp(-6 * 1.1e-3) < first["weight"] < 1


def test_dynamic_weights_follow_the_history(prepared: dict, machine: Machine) -> None:
    engine = trained([DYNAMIC], prepared, machine)
    first, second, third = (record["tasks"] for record in engine.history[0])
    assert {task["weight"] for record in (first, second) for task in record.values()} == {1.0}
    powers = {t: math.exp(second[t]["loss"] / first[t]["loss"] / 2) for t in first}
    for task, power in powers.items():
        assert third[task]["weight"] == pytest.approx(2 * power / sum(powers.values()))


def test_weightings_do_not_notice_their_neighbours(prepared: dict, machine: Machine) -> None:
    together = trained([UNCERTAIN, PLAIN, DYNAMIC], prepared, machine)
    for r, run in enumerate((UNCERTAIN, PLAIN, DYNAMIC)):
        alone = trained([run], prepared, machine)
        for task in ("vision", "speech"):
            mine = together.history[r][-1]["tasks"][task]
            own = alone.history[0][-1]["tasks"][task]
            for key in ("loss", "weight", "gradient"):
                assert mine[key] == pytest.approx(own[key], rel=1e-3), (run.arm_id, key)


def test_the_gradient_is_that_of_the_loss_on_the_shared_layer(
    prepared: dict, machine: Machine
) -> None:
    """Norms and cosine of a one-step epoch against autograd on the same batches."""
    run = tiny.run(seed=3, epochs=1, batch_size=60)
    engine = Engine([run], prepared, machine)
    other = Engine([run], prepared, machine)
    engine.run_epoch()
    gradients = {}
    for task, data in other.data.items():
        batch = data.gather(torch.as_tensor(data.splits["train"][0])[None])
        logits = other.model.forward(task, batch, no_dropout)
        loss = torch.nn.functional.cross_entropy(logits[0], batch.targets[0])
        shared = [other.model.params["shared.weight"], other.model.params["shared.bias"]]
        found = torch.autograd.grad(loss, shared)
        gradients[task] = torch.cat([own.flatten() for own in found])
        measured = engine.history[0][0]["tasks"][task]["gradient"]
        assert measured == pytest.approx(gradients[task].norm().item(), rel=1e-4)
    cosine = torch.cosine_similarity(gradients["vision"], gradients["speech"], dim=0).item()
    assert engine.history[0][0]["cosine"]["vision:speech"] == pytest.approx(cosine, abs=1e-4)


def test_the_rate_penalty_by_hand() -> None:
    """p = 0.2, W of 3 x 2 ones, N = 100, l = 0.5: (0.125 · 6 / 0.8 - 2 · H) / 100."""
    logit = torch.tensor([math.log(0.2 / 0.8)])
    entropy = -(0.2 * math.log(0.2) + 0.8 * math.log(0.8))
    found = learned.rate_penalty(
        logit, torch.ones(1, 3, 2), torch.tensor([100.0]), torch.tensor(0.5)
    )
    assert found.item() == pytest.approx((0.125 * 6 / 0.8 - 2 * entropy) / 100, rel=1e-5)


def test_without_a_prior_on_the_weights_the_penalty_pulls_to_one_half() -> None:
    for p, sign in ((0.2, 1), (0.8, -1)):
        logit = torch.tensor([math.log(p / (1 - p))], requires_grad=True)
        weight = torch.ones(1, 3, 2)
        learned.rate_penalty(logit, weight, torch.ones(1), torch.zeros(())).backward()
        assert -logit.grad.item() * sign > 0


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("shape", [(1, 64, 4096), (1, 16, 8, 64, 64)])
def test_the_relaxed_mask_keeps_the_mean_and_drops_its_share(rate: float, shape: tuple) -> None:
    logit = torch.tensor([math.log(rate / (1 - rate))])
    drop = learned.ConcreteDropout({"a": logit}, {"a": torch.tensor([7])}, torch.tensor([0.1]))
    y = drop(torch.ones(shape), "a", relu=False)
    # Relaxation at temperature 0.1 shifts the mean a little; the shares are near the rate.
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    assert (y < 0.5 / (1 - rate)).float().mean().item() == pytest.approx(rate, abs=0.01)
    assert torch.equal(drop(torch.ones(shape), "b", relu=False), torch.ones(shape))


def test_a_longer_padding_changes_no_elements_draw() -> None:
    drop = learned.ConcreteDropout(
        {"a": torch.zeros(1)}, {"a": torch.tensor([7])}, torch.tensor([0.1])
    )
    short, long = (drop(torch.ones(1, 3, 4, t, 6), "a", relu=False) for t in (5, 9))
    assert torch.equal(short, long[..., :5, :])


def test_learned_rates_start_at_the_initial_one_and_move(prepared: dict, machine: Machine) -> None:
    engine = trained([LEARNED], prepared, machine)
    for task in ("vision", "speech"):
        rates = [record["tasks"][task]["rates"] for record in engine.history[0]]
        for kind in ("shared", "specific"):
            path = [own[kind] for own in rates]
            assert path[0] == pytest.approx(0.1, abs=0.005)
            assert len(set(path)) == 3


def test_learned_rates_do_not_notice_their_neighbours(prepared: dict, machine: Machine) -> None:
    second = tiny.run(Concrete(initial=0.3), seed=2, arm_id="other", epochs=3)
    together = trained([LEARNED, second], prepared, machine)
    for r, run in enumerate((LEARNED, second)):
        alone = trained([run], prepared, machine)
        mine, own = (e.history[i][-1]["tasks"]["vision"] for e, i in ((together, r), (alone, 0)))
        assert mine["rates"]["shared"] == pytest.approx(own["rates"]["shared"], rel=1e-3)
        assert mine["loss"] == pytest.approx(own["loss"], rel=1e-3)


def test_a_site_out_of_scope_learns_no_rate(prepared: dict, machine: Machine) -> None:
    run = tiny.run(Concrete(), site="shared", epochs=1)
    engine = trained([run], prepared, machine)
    names = [name for name in engine.model.params if name.startswith("concrete.")]
    assert sorted(names) == ["concrete.speech.shared", "concrete.vision.shared"]
    assert engine.history[0][0]["tasks"]["vision"]["rates"]["specific"] == 0


def test_learned_and_given_rates_are_not_trained_at_once(prepared: dict, machine: Machine) -> None:
    with pytest.raises(ValueError, match="alike"):
        Engine([LEARNED, tiny.run(Fixed(0.1), epochs=3)], prepared, machine)
