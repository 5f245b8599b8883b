"""Dropout sites: the places in the model where units can be dropped.

A site is `shared` (after the shared layer) or belongs to one branch. An arm acts on all of
them, on the shared representation alone, or on the task-specific ones alone.
"""

from typing import Literal

SHARED = "shared"
SPECIFIC = "specific"

Scope = Literal["all", "shared", "specific"]


def kind(site: str) -> str:
    """`shared` for the site after the shared layer, `specific` for every other one."""
    return SHARED if site == SHARED else SPECIFIC


def in_scope(site: str, scope: Scope) -> bool:
    """Whether an arm with this scope drops units at this site."""
    return scope == "all" or kind(site) == scope
