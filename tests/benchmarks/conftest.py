import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # the benchmarks are no part of the installed package
    sys.path.insert(0, str(ROOT))

import pytest  # noqa: E402
from benchmarks.job import BenchTask, Job  # noqa: E402

from adsmtl.data import registry  # noqa: E402


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both data sets that install with the package, prepared."""
    root = tmp_path_factory.mktemp("data")
    for name in ("digits", "espeak"):
        registry.prepare(name, root / "raw", root / "prepared")
    return root / "prepared"


@pytest.fixture(scope="session")
def vision(prepared: Path) -> dict[str, BenchTask]:
    """256 digits."""
    return {"vision": BenchTask(str(prepared / "digits"), "label", "cnn", 256)}


@pytest.fixture(scope="session")
def joint(prepared: Path, vision: dict[str, BenchTask]) -> dict[str, BenchTask]:
    """256 digits and 128 phones."""
    return {**vision, "speech": BenchTask(str(prepared / "espeak"), "phone", "lstm", 128)}


@pytest.fixture(scope="session")
def job() -> type:
    """Makes a job for one processor core."""

    def make(contender: str, tasks: dict[str, BenchTask], batch: int = 32, **more: int) -> Job:
        return Job(contender, tasks, batch, device="cpu", precision="fp32", threads=1, **more)

    return make
