import pytest
import tiny
import torch

from adsmtl.data.prepared import Prepared
from adsmtl.training.device import Machine

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def machine() -> Machine:
    return Machine(torch.device("cpu"), "fp32", 1)


@pytest.fixture(scope="session")
def prepared() -> dict[str, Prepared]:
    return tiny.both()
