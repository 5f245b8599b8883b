"""What every contender on PyTorch reports in the same way."""

import torch

from adsmtl.training.device import cpu_name


def device_name(device: torch.device) -> str:
    """The processor's or accelerator's name."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()


def device_memory(device: torch.device) -> float | None:
    """Peak MiB that tensors took on the accelerator; None on a processor."""
    if device.type != "cuda":
        return None
    return torch.cuda.max_memory_allocated(device) / 2**20


def versions() -> dict[str, str]:
    """Of PyTorch."""
    return {"torch": torch.__version__}
