"""Adam equals torch's, and does not load what makes torch's start slowly."""

import subprocess
import sys

import torch

from adsmtl.training.adam import Adam


def test_it_takes_the_steps_of_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(2, 3, 5, generator=generator), torch.randn(2, 7, generator=generator)]
    ours, theirs = ([p.clone().requires_grad_() for p in start] for _ in range(2))
    optimisers = Adam(ours, 1e-2), torch.optim.Adam(theirs, lr=1e-2, fused=True)
    for step in range(5):
        gradients = [torch.randn(p.shape, generator=generator) for p in start]
        for params, optimiser in zip((ours, theirs), optimisers, strict=True):
            for param, gradient in zip(params, gradients, strict=True):
                # The second parameter gets a gradient in every other step only.
                param.grad = gradient if step % 2 == 0 or param.dim() == 3 else None
            optimiser.step()
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_training_does_not_load_the_compiler() -> None:
    code = (
        "import sys, torch, adsmtl.running.session\n"
        "from adsmtl.training.adam import Adam\n"
        "p = torch.ones(1, requires_grad=True); p.grad = torch.ones(1)\n"
        "Adam([p], 0.1).step()\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
