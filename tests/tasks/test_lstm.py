"""The LSTM equals torch's own at the last real frame, and so do all its gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence

from adsmtl.tasks import lstm

INPUTS, HIDDEN = 7, 5
# Both compute in float32 over at most 12 steps; sums differ in their order alone.
CLOSE = {"rtol": 1e-4, "atol": 2e-6}


def arguments(replicas: int, steps: int, batch: int = 6) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(replicas * 100 + steps)

    def made(*shape: int) -> Tensor:
        return (torch.randn(shape, generator=generator) * 0.5).requires_grad_()

    return {
        "x": made(replicas, batch, steps, INPUTS),
        "w_input": made(replicas, 4 * HIDDEN, INPUTS),
        "w_hidden": made(replicas, 4 * HIDDEN, HIDDEN),
        "bias": made(replicas, 4 * HIDDEN),
    }


def lengths_of(replicas: int, steps: int, batch: int = 6) -> Tensor:
    """Lengths between 1 and `steps`, both of them included."""
    generator = torch.Generator().manual_seed(steps)
    found = torch.randint(1, steps + 1, (replicas, batch), generator=generator)
    found[:, 0], found[:, -1] = steps, 1
    return found


def reference(args: dict[str, Tensor], lengths: Tensor) -> Tensor:
    """`torch.nn.LSTM` per replica on packed sequences, which ends each at its own length."""
    states = []
    for r, own in enumerate(lengths):
        module = torch.nn.LSTM(INPUTS, HIDDEN, batch_first=True)
        params = {
            "weight_ih_l0": args["w_input"][r],
            "weight_hh_l0": args["w_hidden"][r],
            "bias_ih_l0": args["bias"][r],
            "bias_hh_l0": torch.zeros(4 * HIDDEN),
        }
        packed = pack_padded_sequence(args["x"][r], own, batch_first=True, enforce_sorted=False)
        _, (h, _) = torch.func.functional_call(module, params, (packed,))
        states.append(h[0])
    return torch.stack(states)


@pytest.mark.parametrize(("replicas", "steps"), [(1, 12), (3, 12), (1, 1), (3, 1), (1, 2)])
def test_states_and_gradients_equal_torchs_lstm(replicas: int, steps: int) -> None:
    args, lengths = arguments(replicas, steps), lengths_of(replicas, steps)
    found = lstm.last_state(lengths=lengths, **args)
    expected = reference(args, lengths)
    assert torch.allclose(found, expected, **CLOSE)
    upstream = torch.randn(expected.shape, generator=torch.Generator().manual_seed(5))
    tensors = list(args.values())
    for name, one, other in zip(
        args,
        torch.autograd.grad(found, tensors, upstream),
        torch.autograd.grad(expected, tensors, upstream),
        strict=True,
    ):
        assert torch.allclose(one, other, **CLOSE), name
    if steps > 2:
        assert all(
            g.abs().max() > 1e-3
            for g in torch.autograd.grad(
                lstm.last_state(lengths=lengths, **args), tensors, upstream
            )
        )


def test_what_lies_in_the_padding_changes_nothing() -> None:
    args, lengths = arguments(2, 8), lengths_of(2, 8)
    state = lstm.last_state(lengths=lengths, **args)
    padding = torch.arange(8) >= lengths[..., None]
    filled = {**args, "x": args["x"].detach().clone().requires_grad_()}
    with torch.no_grad():
        filled["x"][padding] = 1e6
    assert torch.equal(lstm.last_state(lengths=lengths, **filled), state)
    state.sum().backward()
    assert (args["x"].grad[padding] == 0).all()
    assert (args["x"].grad[~padding] != 0).any(dim=-1).all()


def test_longer_padding_changes_nothing() -> None:
    args, lengths = arguments(1, 8), lengths_of(1, 8)
    longer = {**args, "x": torch.nn.functional.pad(args["x"], (0, 0, 0, 5))}
    found = lstm.last_state(lengths=lengths, **longer)
    assert torch.allclose(found, lstm.last_state(lengths=lengths, **args), **CLOSE)


def test_replicas_do_not_mix() -> None:
    args, lengths = arguments(3, 8), lengths_of(3, 8)
    together = lstm.last_state(lengths=lengths, **args)
    for r in range(3):
        alone = lstm.last_state(
            lengths=lengths[r : r + 1], **{k: v[r : r + 1] for k, v in args.items()}
        )
        assert torch.allclose(together[r], alone[0], **CLOSE)
    with torch.no_grad():
        args["w_hidden"][1] = torch.nan
    poisoned = lstm.last_state(lengths=lengths, **args)
    assert torch.equal(poisoned[[0, 2]], together[[0, 2]])
    assert poisoned[1].isnan().any()


def test_under_autocast_products_are_rounded_and_states_are_not() -> None:
    args, lengths = arguments(1, 8), lengths_of(1, 8)
    exact = lstm.last_state(lengths=lengths, **args)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = lstm.last_state(lengths=lengths, **args)
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert torch.allclose(rounded, exact, atol=0.03)  # bf16 keeps 8 bits
    rounded.sum().backward()
    assert all(value.grad.dtype == torch.float32 for value in args.values())
    approximate = {name: value.grad.clone() for name, value in args.items()}
    exact_gradients = torch.autograd.grad(exact.sum(), list(args.values()))
    for (name, found), expected in zip(approximate.items(), exact_gradients, strict=True):
        error = (found - expected).norm() / expected.norm()
        assert error < 0.03, name
