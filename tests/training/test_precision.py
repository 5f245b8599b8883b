"""Training in bf16 and in fp32 agree within the noise between seeds."""

import numpy as np
import tiny
import torch

from adsmtl.analysis import statistics
from adsmtl.dropout.schedules import Fixed
from adsmtl.training.device import Machine
from adsmtl.training.engine import Engine

SEEDS = range(6)


def final(prepared: dict, precision: str) -> np.ndarray:
    """Validation loss after two epochs with dropout, `[seeds, tasks]`."""
    found = []
    for seed in SEEDS:
        run = tiny.run(Fixed(0.3), seed=seed, epochs=2)
        engine = Engine([run], prepared, Machine(torch.device("cpu"), precision, 1))
        for _ in range(2):
            engine.run_epoch()
        found.append([task["val"]["loss"] for task in engine.history[0][-1]["tasks"].values()])
    return np.array(found)


def test_bf16_and_fp32_agree_within_seed_noise(prepared: dict) -> None:
    exact, rounded = (final(prepared, precision) for precision in ("fp32", "bf16"))
    for task in range(exact.shape[1]):
        difference = statistics.paired(rounded[:, task], exact[:, task])
        noise = exact[:, task].std(ddof=1)
        assert difference.sd > 0  # bf16 does round
        assert abs(difference.effect) < noise / 2
        assert difference.sd < noise
