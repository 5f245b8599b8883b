"""The functions of the gates keep float32's accuracy, although they are built by hand."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from adsmtl.tasks import gates

EVERYWHERE = torch.cat(
    [
        torch.linspace(-120, 120, 200_001),
        torch.linspace(-12, 12, 200_001),
        torch.logspace(-30, 0, 10_001),
    ]
)


def error(found: Tensor, exact: Tensor) -> float:
    return float((found.double() - exact).abs().max())


def test_sigmoid_is_as_accurate_as_the_librarys() -> None:
    exact = EVERYWHERE.double().sigmoid()
    assert error(gates.sigmoid(EVERYWHERE), exact) <= error(EVERYWHERE.sigmoid(), exact) <= 1e-7


def test_tanh_is_accurate_to_two_units_in_the_last_place_of_1() -> None:
    assert error(gates.tanh(EVERYWHERE), EVERYWHERE.double().tanh()) <= 2 * 2**-23


@pytest.mark.parametrize(
    ("function", "low", "middle"), [(gates.sigmoid, 0, 0.5), (gates.tanh, -1, 0)]
)
def test_both_saturate_and_let_no_number_through_that_is_none(
    function: Callable[[Tensor], Tensor], low: float, middle: float
) -> None:
    ends = torch.tensor([-float("inf"), -1e30, 0.0, -0.0, 1e30, float("inf"), float("nan")])
    found = function(ends)
    assert torch.allclose(found[:-1], torch.tensor([low, low, middle, middle, 1.0, 1.0]))
    assert found[-1].isnan()
    assert (found[:-1].abs() <= 1).all()
