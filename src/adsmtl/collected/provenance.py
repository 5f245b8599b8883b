"""Where numbers come from, in words: every table and figure carries these sentences."""

from collections.abc import Iterable, Sequence

from adsmtl.collected import diverged
from adsmtl.collected.reading import Collected


def preset(collected: Collected) -> str:
    """The preset's name, or names joined by "and" where runs of several are mixed."""
    return _join(sorted(collected.runs["preset"].unique()))


def embedded(collected: Collected) -> bool:
    """Whether any run used the stand-in data that install with the package."""
    return any(
        data.get("embedded")
        for environment in collected.environments.values()
        for data in environment["data"].values()
    )


def machines(collected: Collected) -> dict[str, str]:
    """Device and precision by environment, such as `NVIDIA H100 (cuda, bf16)`."""
    return {
        key: f"{device.get('name')} ({device.get('type')}, {device.get('precision')})"
        for key, device in ((key, own["device"]) for key, own in collected.environments.items())
    }


def mixed(*blocks: Collected) -> str | None:
    """The first seed whose runs come from several kinds of machine, in words; None if none does.

    Runs of a seed are compared with each other, and what differs between machines would count as
    an effect.
    """
    kinds: dict[int, set[str]] = {}
    for block in blocks:
        runs, known = block.per_run, machines(block)
        for seed, environment in zip(runs["seed"], runs["environment"], strict=True):
            kinds.setdefault(seed, set()).add(known.get(environment, "an unknown machine"))
    for seed, own in sorted(kinds.items()):
        if len(own) > 1:
            return f"seed {seed} was trained on {' and on '.join(sorted(own))}"
    return None


def devices(collected: Collected) -> list[str]:
    """Every device and precision met."""
    return sorted(set(machines(collected).values()))


def data_sets(collected: Collected) -> dict[str, dict[str, str]]:
    """Name of every data set to its digest, origin and provenance.

    Where runs of one study saw different contents under one name, the name is followed by the
    start of the digest, so that none hides another.
    """
    met: dict[str, dict[str, dict[str, str]]] = {}
    for environment in collected.environments.values():
        for name, data in environment["data"].items():
            met.setdefault(name, {})[str(data.get("digest"))] = data
    named = {}
    for name, versions in sorted(met.items()):
        for digest, data in sorted(versions.items()):
            named[name if len(versions) == 1 else f"{name} @{digest[:8]}"] = data
    return named


def seeds_per_arm(collected: Collected) -> str:
    """Seeds per arm as words: `3 seeds`, or `2 to 3 seeds` where arms differ."""
    counts = collected.runs.groupby("arm")["seed"].nunique()
    low, high = counts.min(), counts.max()
    number = str(low) if low == high else f"{low} to {high}"
    return f"{number} seed" if high == 1 else f"{number} seeds"


def interim(collected: Collected) -> str | None:
    """What is to be said of a study that is not complete, None of one that is.

    A seed counts as one of those that most runs have once all arms that have them are trained with
    it.
    """
    # A run that diverged is done too; it is not trained again.
    trained, planned = diverged.attempted(collected), collected.planned
    most = max(planned.values(), key=lambda seeds: _runs(planned.values(), seeds))
    done = [
        seed
        for seed in most
        if all(seed in trained.get(arm, []) for arm, seeds in planned.items() if seeds == most)
    ]
    left = sum(len(set(seeds) - set(trained.get(arm, []))) for arm, seeds in planned.items())
    if not left:
        return None
    every = sum(map(len, planned.values()))
    runs = every - left
    return f"interim, {len(done)} of {len(most)} seeds ({runs} of {every} runs)"


def _runs(planned: Iterable[Sequence[int]], seeds: Sequence[int]) -> int:
    """How many runs the arms have that are planned with exactly these seeds."""
    return len(seeds) * sum(own == seeds for own in planned)


def sentence(collected: Collected) -> str:
    """Preset, data and their provenance, n and device: the tail of every caption."""
    sets = _join(
        [
            f"{name} ({data.get('origin')}: {str(data.get('provenance')).rstrip('.')})"
            for name, data in data_sets(collected).items()
        ]
    )
    warning = (
        " These are stand-in data that install with the package, not the paper's data sets."
        if embedded(collected)
        else ""
    )
    unfinished = interim(collected)
    part = "" if unfinished is None else f" ({unfinished})"
    lost = diverged.sentence(collected)
    return (
        f"Preset {preset(collected)}{part}; data: {sets}.{warning} n ="
        f" {seeds_per_arm(collected)} per arm; device: {_join(devices(collected))}."
        + ("" if lost is None else f" {lost}")
    )


def _join(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
