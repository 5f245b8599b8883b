# What the rules of training say of the packs that they train.
def said(seeds):
    """Seeds as a part of a rule's name, such as 0_to_15; equal names are equal seeds."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}_to_{seeds[-1]}"
    return "_".join(map(str, seeds)) or "none"


def of_pack(packs, say):
    """What a function says of the pack that wildcards name."""
    return lambda wildcards: say(packs[wildcards.get("arm")])


def followed(pack):
    """What a pack waits for: the rates of the arms that its arms follow."""
    return [
        str(paths.run(ROOT, arm, seed) / "history.jsonl")
        for arm in pack.after
        for seed in pack.seeds
    ]


def runs_of(pack):
    return [STUDY.run(arm, seed) for arm in pack.arms for seed in pack.seeds]


def written(packs, name, only=None):
    """A file of every run of a rule's pack, whose arm is the wildcard's where the rule has one.

    Args:
        only: arms that leave the file, where not all do.
    """
    pack = next(iter(packs.values()))
    arms = [arm for arm in pack.arms if only is None or arm in only]
    own = {"arm": arms} if None in packs else {}
    return expand(RUN / name, seed=pack.seeds, allow_missing=True, **own) if arms else []
