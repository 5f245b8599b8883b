"""Which processor trains, in which precision, and with which loops over memory."""

import ctypes
import fcntl
import importlib.util
import logging
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Literal

import torch

from adsmtl.errors import UserError
from adsmtl.study import Precision
from adsmtl.training.elementwise import TORCH, Elementwise

log = logging.getLogger("adsmtl")
Fused = Literal["auto", "on", "off"]
LOCKS = Path(tempfile.gettempdir()) / "adsmtl-devices"
_claims: list[IO[str]] = []  # held open, and with them the locks, until the process ends


@dataclass(frozen=True)
class Machine:
    """Where and how a run is computed.

    Attributes:
        precision: of the matrix products; parameters and losses are always float32.
        threads: processor threads of this process; on a CPU they can change the last bits.
        fused: whether a CPU's loops between the products are compiled (`adsmtl.training.fused`);
            the bits are the same.
    """

    device: torch.device
    precision: Literal["fp32", "bf16"]
    threads: int
    fused: bool = False

    @cached_property
    def elementwise(self) -> Elementwise:
        """What is computed between the matrix products."""
        if not self.fused:
            return TORCH
        from adsmtl.training.fused import Fused

        products = torch.bfloat16 if self.precision == "bf16" else torch.float32
        return Fused(self.threads, products)

    def autocast(self) -> torch.autocast:
        """The context in which matrix products take this precision.

        Every weight is used once per pass, so casts are not cached; a captured graph must not.
        """
        return torch.autocast(
            self.device.type,
            dtype=torch.bfloat16,
            enabled=self.precision == "bf16",
            cache_enabled=False,
        )

    def describe(self) -> dict[str, Any]:
        """For `metrics.json`."""
        cuda = self.device.type == "cuda"
        return {
            "type": self.device.type,
            "name": torch.cuda.get_device_name(self.device) if cuda else cpu_name(),
            "threads": self.threads,
            "precision": self.precision,
            "elementwise": self.elementwise.name,
        }


def cpu_name() -> str:
    """The processor's name and the vector instructions torch uses on it."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}"


def has_bf16(device: torch.device) -> bool:
    """Whether the processor multiplies bf16 in hardware; emulation is far slower than fp32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def claim(names: Sequence[str], folder: Path, say: Callable[[str], None] = log.info) -> int:
    """Take one of several devices for this process, until it ends.

    Processes that train at the same time so spread over the devices without agreeing on
    anything. Where all are taken, waits for the first one.

    Args:
        names: of the devices, the same in every process.
        folder: for the lock files.

    Returns:
        Index of the device.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handles = [(folder / f"adsmtl-{name}.lock").open("w") for name in names]
    for index, handle in enumerate(handles):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        _claims.append(handle)
        return index
    say(f"all of {', '.join(names)} are in use by other training processes; waiting for the first")
    fcntl.flock(handles[0], fcntl.LOCK_EX)
    _claims.append(handles[0])
    return 0


def _free_cuda() -> torch.device:
    """A CUDA device that no other training process has claimed."""
    found = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return torch.device("cuda", claim([str(one.uuid) for one in found], LOCKS))


def choose(
    device: str = "auto", precision: Precision = "auto", threads: int = 1, fused: Fused = "auto"
) -> Machine:
    """The machine that the settings ask for; also sets torch's number of threads.

    Args:
        device: `auto` (CUDA where there is one), or a torch device name such as `cpu`, `cuda:1`.
            Without a number, a CUDA device that no other training process uses.
        threads: for this process; 0 leaves torch's choice, all cores.
        fused: `auto` compiles a CPU's loops where Numba is installed; see `Machine`.

    Raises:
        UserError: the device is unknown or absent, or `fused` asks for what is not there.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise UserError(f"device is {device!r}; give auto, cpu, cuda or cuda:<number>") from error
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise UserError(
            f"device is {device!r}, but torch sees {torch.cuda.device_count()} CUDA devices; "
            "use device: cpu or auto"
        )
    if chosen.type not in ("cpu", "cuda"):
        raise UserError(f"device is {device!r}; training runs on cpu or cuda")
    if chosen.type == "cuda" and chosen.index is None:
        chosen = _free_cuda()
    if threads > 0:
        torch.set_num_threads(threads)
    if chosen.type == "cpu":
        _keep_freed_memory()
    if precision == "auto":
        precision = "bf16" if has_bf16(chosen) else "fp32"
    # fp32 means fp32: cuDNN would otherwise round the inputs of convolutions to TF32.
    torch.backends.cudnn.allow_tf32 = False
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    return Machine(chosen, precision, torch.get_num_threads(), _fuses(chosen, fused))


def _keep_freed_memory() -> None:
    """Let glibc keep what is freed for the next step, rather than return it to the system.

    Activations and gradients of a step are blocks of 10 MB. Asking for fresh pages and having
    them cleared, thousands of times a step, takes an eighth of its time. Other C libraries are
    left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        m_trim_threshold, m_mmap_max = -1, -4  # of glibc's malloc.h
        mallopt(m_trim_threshold, 2**31 - 1)
        mallopt(m_mmap_max, 0)


def _fuses(device: torch.device, asked: Fused) -> bool:
    there = device.type == "cpu" and importlib.util.find_spec("numba") is not None
    if asked == "on" and not there:
        raise UserError("fused is 'on', which needs a CPU and Numba; install Numba or give auto")
    return there and asked != "off"
