"""Two tasks on real images in a few seconds: ADSMTL, a control and no dropout, in plain PyTorch.

The data are scikit-learn's 1,797 handwritten digits (8 x 8 pixels, in the package): which digit it
is, and whether that is even. The control has the strategy's rates with the tasks swapped; if it
does as well, it is not the direction that helps.

    python examples/digits.py [--seeds 5] [--epochs 10]
"""

import argparse
from collections.abc import Callable

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import adsmtl
from adsmtl.dropout.schedules import Adsmtl, Fixed, Follow, Schedule

TASKS = {"digit": 10, "parity": 2}
TRAINED_ON = 600


class Net(nn.Module):
    """One shared layer, one hidden layer and one output for each task."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.shared = nn.Linear(64, 256)
        self.hidden = nn.ModuleDict({task: nn.Linear(256, 64) for task in TASKS})
        self.out = nn.ModuleDict({task: nn.Linear(64, n) for task, n in TASKS.items()})
        self.drop_shared = adsmtl.AdaptiveDropout(TASKS, p)
        self.drop_hidden = adsmtl.AdaptiveDropout(TASKS, p)

    def forward(self, x: Tensor, task: str) -> Tensor:
        """Images `[B, 64]` to logits `[B, classes]` of a task."""
        x = self.drop_shared(self.shared(x).relu(), task)
        return self.out[task](self.drop_hidden(self.hidden[task](x).relu(), task))


def data() -> tuple[Tensor, dict[str, Tensor]]:
    """Images `[1797, 64]` in [0, 1], and the labels `[1797]` of each task."""
    digits = load_digits()
    digit = torch.tensor(digits.target)
    return torch.tensor(digits.data, dtype=torch.float32) / 16, {
        "digit": digit,
        "parity": digit % 2,
    }


def train(
    schedule: Schedule, seed: int, epochs: int, x: Tensor, y: dict[str, Tensor]
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """Test accuracy by task, and the rates of every epoch."""
    torch.manual_seed(seed)
    order = torch.randperm(len(x))
    training, test = order[:TRAINED_ON], order[TRAINED_ON:]
    model = Net(0.2)
    controller = adsmtl.RateController(model, TASKS, schedule, epochs)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        model.train()
        total = dict.fromkeys(TASKS, 0.0)
        for batch in training[torch.randperm(TRAINED_ON)].split(32):
            losses = {t: cross_entropy(model(x[batch], t), y[t][batch]) for t in TASKS}
            optimiser.zero_grad()
            sum(losses.values()).backward()
            optimiser.step()
            for task, loss in losses.items():
                total[task] += float(loss.detach()) * len(batch) / TRAINED_ON
        controller.step(total)
    model.eval()
    with torch.no_grad():
        hits = {t: model(x[test], t).argmax(1) == y[t][test] for t in TASKS}
    return {t: float(own.float().mean()) for t, own in hits.items()}, controller.trajectory


def main(seeds: int, epochs: int) -> None:
    """Print the test accuracy of every method, mean over seeds."""
    x, y = data()
    adaptive = [train(Adsmtl(p0=0.2), seed, epochs, x, y) for seed in range(seeds)]
    methods: dict[str, Callable[[int], Schedule]] = {
        "no dropout": lambda seed: Fixed(0.0),
        "fixed 0.2": lambda seed: Fixed(0.2),
        "swapped": lambda seed: Follow("adsmtl", "swapped").recorded(adaptive[seed][1]),
    }
    found = {"ADSMTL": [own for own, _ in adaptive]}
    for name, schedule in methods.items():
        found[name] = [train(schedule(seed), seed, epochs, x, y)[0] for seed in range(seeds)]
    for name, own in found.items():
        means = (f"{task} {100 * sum(r[task] for r in own) / seeds:.1f} %" for task in TASKS)
        print(f"{name:10}  {'  '.join(means)}  (n = {seeds})")
    print("ADSMTL's last rates:", {t: round(r, 3) for t, r in adaptive[0][1][-1].items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The strategy on two tasks of digits.")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    main(**vars(parser.parse_args()))
