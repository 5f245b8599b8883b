"""ADSMTL: a replication of an adaptive dropout strategy for multi-task learning.

The folders follow the data: `data` fetches and prepares, `tasks` and `dropout`
define the method, `training` trains, `analysis` judges, `tracking` keeps the evidence.

For a model of one's own: `adsmtl.AdaptiveDropout` and `adsmtl.RateController`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adsmtl.library import AdaptiveDropout, RateController

__all__ = ["AdaptiveDropout", "RateController", "__version__"]

__version__ = "0.4.5"


def __getattr__(name: str) -> Any:
    """The library's names, imported when asked for: the workflow plans without torch."""
    if name in ("AdaptiveDropout", "RateController"):
        from adsmtl import library

        return getattr(library, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
