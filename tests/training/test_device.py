"""Choosing the processor that trains."""

import pytest
import torch

from adsmtl.errors import UserError
from adsmtl.training import device


@pytest.fixture(autouse=True)
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)


def test_auto_is_the_cpu_where_there_is_no_cuda() -> None:
    machine = device.choose("auto", "fp32", fused="off")
    assert machine.device == torch.device("cpu")
    assert machine.describe() == {
        "type": "cpu",
        "name": device.cpu_name(),
        "threads": 1,
        "precision": "fp32",
        "elementwise": "torch",
    }


@pytest.mark.parametrize("hardware", [True, False])
def test_auto_precision_follows_the_hardware(
    hardware: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "has_bf16", lambda chosen: hardware)
    assert device.choose("cpu", "auto").precision == ("bf16" if hardware else "fp32")
    assert device.choose("cpu", "fp32").precision == "fp32"
    assert device.choose("cpu", "bf16").precision == "bf16"


def test_threads_are_torchs() -> None:
    try:
        assert device.choose("cpu", "fp32", threads=2).threads == 2
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


@pytest.mark.parametrize("name", ["gpu", "cuda", "cuda:7", "meta", ""])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UserError, match=f"device is '{name}'"):
        device.choose(name)
