"""The strategy in a model of one's own: a layer that knows tasks, a controller once an epoch."""

import torch
from torch import nn

import adsmtl

tasks = {"digit": 10, "parity": 2}  # classes of each
shared, drop = nn.Linear(64, 128), adsmtl.AdaptiveDropout(tasks, p=0.2)
heads = nn.ModuleDict({task: nn.Linear(128, classes) for task, classes in tasks.items()})
model = nn.ModuleList([shared, drop, heads])
controller = adsmtl.RateController(model, tasks)
x, y = torch.randn(32, 64), {task: torch.randint(n, (32,)) for task, n in tasks.items()}
for _ in range(3):
    hidden = {task: drop(shared(x).relu(), task) for task in tasks}  # [32, 128] each
    losses = {t: nn.functional.cross_entropy(heads[t](hidden[t]), y[t]) for t in tasks}
    sum(losses.values()).backward()  # then your optimiser's step
    print(controller.step(losses))  # the rates of the next epoch
