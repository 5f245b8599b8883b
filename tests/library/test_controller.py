"""The controller that sets the rates, and its agreement with the study's schedules."""

import math

import pytest
import torch
from torch import nn

from adsmtl import AdaptiveDropout, RateController
from adsmtl.dropout.difficulty import SIGNALS, Observation
from adsmtl.dropout.schedules import Adsmtl, Concrete, Curriculum, Early, Fixed, Follow, Late

CLASSES = {"images": 10, "sounds": 61}


def model() -> nn.Module:
    return nn.ModuleList([AdaptiveDropout(CLASSES), AdaptiveDropout(["images"])])


def controller(schedule=None, epochs=None, classes=CLASSES) -> RateController:
    return RateController(model(), classes, schedule, epochs)


def losses(images: float, sounds: float) -> dict[str, float]:
    return {"images": images, "sounds": sounds}


def test_the_harder_task_drops_less_in_every_layer() -> None:
    own = controller()
    assert own.rates == losses(0.2, 0.2)
    rates = own.step(losses(1.0, 3.0))
    # d = loss / ln(classes); p = 0.2 + mean - d, see section 3.1.2 of the paper.
    d = 1.0 / math.log(10), 3.0 / math.log(61)
    expected = [0.2 + sum(d) / 2 - one for one in d]
    assert list(rates.values()) == pytest.approx(expected)
    assert rates["sounds"] < 0.2 < rates["images"]
    for layer in own.layers:
        assert layer.rates.tolist() == pytest.approx([rates[task] for task in layer.tasks])


@pytest.mark.parametrize("schedule", [Early(0.3), Late(0.3), Curriculum(0.3)])
def test_a_schedule_that_follows_the_clock_asks_how_many_epochs_there_are(schedule) -> None:
    with pytest.raises(ValueError, match="give epochs"):
        controller(schedule)
    assert set(controller(schedule, epochs=10).rates) == set(CLASSES)


def test_rates_that_are_learned_with_the_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="learns its rates"):
        controller(Concrete())


@pytest.mark.parametrize("p", [0, 0.0])
def test_a_layer_that_begins_at_rate_0_drops_units_later(p) -> None:
    layer = AdaptiveDropout(CLASSES, p=p)
    own = RateController(layer, CLASSES, Adsmtl(p0=0.3))
    assert layer.rates.tolist() == pytest.approx([0.3, 0.3])
    assert own.rates == losses(0.3, 0.3)


class Impossible:
    """Gives one task a rate that drops everything, after the first epoch."""

    def rates(self, history, epochs):
        return losses(0.3, 1.0 if history["images"] else 0.1)


def test_an_impossible_rate_changes_nothing() -> None:
    own = controller(Impossible())
    with pytest.raises(ValueError, match="the rate of sounds"):
        own.step(losses(1.0, 1.0))
    assert own.rates == losses(0.3, 0.1)
    assert len(own.trajectory) == 1
    assert all(not seen for seen in own.history.values())
    assert own.layers[0].rates.tolist() == pytest.approx([0.3, 0.1])


def test_step_by_step_it_gives_the_rates_of_the_study_for_every_signal() -> None:
    for name in SIGNALS:
        schedule = Adsmtl(difficulty=name, kappa=0.5)
        own, history = controller(schedule), {task: [] for task in CLASSES}
        for epoch in range(4):
            told = {
                "losses": losses(2.0 / (epoch + 1), 3.0 - epoch),
                "train_losses": losses(1.5 - epoch / 4, 2.0),
                "val_losses": losses(2.1, 2.5 + epoch / 5),
                "val_accuracies": losses(0.3 + epoch / 10, 0.4),
                "gradients": losses(1.0, 2.0 + epoch),
            }
            mean = sum(told["gradients"].values()) / 2
            for task, classes in CLASSES.items():
                of = [one[task] for one in told.values()]
                history[task].append(Observation(classes, *of[:4], gradient=of[4] / mean))
            given = dict(told)
            assert own.step(given.pop("losses"), **given) == schedule.rates(history, 4)


def test_all_schedules_of_the_study_can_be_used_and_controls_be_built() -> None:
    adaptive = controller()
    for one in (losses(1.0, 3.0), losses(0.5, 2.5)):
        adaptive.step(one)
    swapped = Follow("adsmtl", "swapped").recorded(adaptive.trajectory)
    control = controller(swapped)
    control.step(losses(1.0, 1.0))
    assert control.rates["images"] == adaptive.trajectory[1]["sounds"]
    assert controller(Fixed(0.4)).step(losses(1, 2)) == losses(0.4, 0.4)
    rising = controller(Curriculum(0.3), epochs=10)
    rising.step(losses(1, 2))
    assert rising.rates["images"] == pytest.approx(0.3 * (1 - math.exp(-1)))


def test_it_goes_on_from_its_state() -> None:
    own = controller()
    own.step(losses(1.0, 3.0))
    other = controller()
    other.load_state_dict(torch.load(_saved(own), weights_only=True))
    assert other.layers[0].rates.tolist() == own.layers[0].rates.tolist()
    assert other.step(losses(0.9, 2.0)) == own.step(losses(0.9, 2.0))
    assert other.trajectory == own.trajectory


def _saved(own: RateController):
    import io

    file = io.BytesIO()
    torch.save(own.state_dict(), file)
    file.seek(0)
    return file


def test_tensors_are_taken_as_losses() -> None:
    given = {task: torch.tensor(value) for task, value in losses(1.0, 3.0).items()}
    assert controller().step(given) == controller().step(losses(1.0, 3.0))


def test_a_task_without_classes_has_signals_too() -> None:
    own = controller(Adsmtl(difficulty="relative-loss"), classes={"images": None, "sounds": 61})
    own.step(losses(8.0, 3.0))
    rates = own.step(losses(2.0, 2.9))
    assert rates["images"] > 0.2 > rates["sounds"]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: RateController(nn.Linear(2, 2), CLASSES), "no AdaptiveDropout layer"),
        (lambda: RateController(model(), {"images": 10}), "classes names.*images.*sounds"),
        (lambda: controller().step({"images": 1.0}), "losses has.*give"),
        (lambda: controller().step(losses(math.nan, 1)), r"losses\['images'\] is nan.*diverged"),
        (lambda: controller().step(losses(1, math.inf)), r"losses\['sounds'\] is inf"),
        (
            lambda: controller(Adsmtl(difficulty="validation-loss")).step(losses(1, 1)),
            "validation-loss needs more than losses",
        ),
        (
            lambda: controller(classes={"images": None, "sounds": 61}).step(losses(1, 1)),
            "relative-loss",
        ),
        (
            lambda: controller().load_state_dict({"history": {"x": []}, "trajectory": []}),
            "the state is of",
        ),
    ],
)
def test_wrong_use_is_answered_with_what_to_do(act, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        act()


def test_a_refused_step_leaves_everything_as_it_was() -> None:
    own = controller(Adsmtl(difficulty="validation-loss"))
    with pytest.raises(ValueError, match="needs more"):
        own.step(losses(1, 1))
    before = own.state_dict()
    assert (before["history"], len(before["trajectory"])) == ({"images": [], "sounds": []}, 1)
    own.step(losses(1, 1), val_losses=losses(1, 1))
    assert len(own.trajectory) == 2
