"""The check of a dropout rate, the same in every schedule."""

from adsmtl.errors import UserError


def check_rate(name: str, rate: float) -> None:
    """Raises UserError unless 0 <= `rate` < 1; `name` is the parameter that holds it."""
    if not 0 <= rate < 1:
        raise UserError(f"{name} is {rate}, but a dropout rate lies in [0, 1): 0.2 drops a fifth")
