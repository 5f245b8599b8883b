"""What is measured on, and with what: the facts without which a number means nothing."""

import os
import platform
from pathlib import Path
from typing import Any

from adsmtl import revision
from adsmtl.training.device import Machine, cpu_name, has_bf16


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_average() -> float | None:
    """Runnable processes, averaged over the last minute; above 0 at the start, others compute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def memory() -> float | None:
    """Main memory in MiB, where Linux tells it."""
    info = Path("/proc/meminfo")
    if not info.exists():
        return None
    return int(info.read_text().split("MemTotal:")[1].split()[0]) / 1024


def facts(machine: Machine) -> dict[str, Any]:
    """Of the whole run; the versions of a contender's libraries are its own to tell."""
    return {
        **machine.describe(),
        "bf16_hardware": has_bf16(machine.device),
        "processor": cpu_name(),
        "cores": cores(),
        "memory_mib": memory(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "code": revision.code(),
    }
