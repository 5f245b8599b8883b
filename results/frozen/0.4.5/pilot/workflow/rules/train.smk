# One job trains a pack of runs, so that a process starts once for all of them: on a CPU a few runs,
# on CUDA as many arms as there are devices to share them. A run is trained again when its own
# configuration, its data or the code that decides its numbers change, not when another arm does.
# The job leaves runs alone that are finished and would not change, so its outputs are updated in
# place. Before it trains, it says how long the study still takes.
#
# Snakemake takes no function for outputs. Therefore packs of one arm, of which a large study has
# many, share a rule with the arm as its wildcard where they leave the same files: its graph has few
# rules then. A pack of several arms is a rule of its own; there are few. A rule with a wildcard for
# the pack would have to hide its runs behind a marker, and a deleted run would go unnoticed.
TRAINING = {}  # packs by the name of their rule, and by the value of its wildcard where it has one
for pack in PLAN.packs:
    if len(pack.arms) > 1:
        TRAINING[f"train_{pack.name}"] = {None: pack}
    else:
        tested = "_tested" if pack.arms[0] in DROPPING else ""
        shared = f"train_seeds_{said(pack.seeds)}{tested}"
        TRAINING.setdefault(shared, {})[pack.arms[0]] = pack

for rule_name, packs in TRAINING.items():
    pack = next(iter(packs.values()))
    arms = [arm for arm in packs if arm is not None]

    rule:
        name:
            rule_name
        input:
            cards(),
            of_pack(packs, followed),
        output:
            metrics=update(written(packs, "metrics.json")),
            history=update(written(packs, "history.jsonl")),
            predictions=update(written(packs, "predictions.npz")),
            # Every run leaves its parameters; only those that are loaded again are waited for.
            checkpoint=update(written(packs, "checkpoint.safetensors", DROPPING)),
        log:
            LOGS / "train" / ("{arm}.log" if arms else f"{pack.name}.log"),
        benchmark:
            BENCHMARKS / "train" / ("{arm}.tsv" if arms else f"{pack.name}.tsv")
        wildcard_constraints:
            arm="|".join(map(re.escape, arms)),
        conda:
            ENVIRONMENT
        threads: PLAN.settings.threads
        resources:
            gpu=PLAN.gpus,
            mem_mb=memory,
            runtime=minutes(len(pack.arms) * len(pack.seeds)),
        params:
            arms=of_pack(packs, lambda pack: pack.arms),
            seeds=pack.seeds,
            config=of_pack(packs, lambda pack: [run.config_hash for run in runs_of(pack)]),
            names=of_pack(packs, lambda pack: [STUDY.arms[arm].names() for arm in pack.arms]),
            code=of_pack(packs, lambda pack: identity.code_of(runs_of(pack))),
        message:
            (
                f"train_{{wildcards.arm}}: {len(pack.seeds)} seeds"
                if arms
                else f"{rule_name}: {len(pack.arms)} arms, {len(pack.seeds)} seeds"
            )
        shell:
            # 3 says that a run diverged. It costs the others nothing; rule `diverged` fails for it.
            "python -m adsmtl --log {log} train --arms {params.arms} --seeds {params.seeds}"
            " || [ $? -eq 3 ]"


rule test_time:
    input:
        expand(RUN / "checkpoint.safetensors", seed=STUDY.tested_seeds, allow_missing=True),
        cards(),
    output:
        expand(RUN / "test-time.json", seed=STUDY.tested_seeds, allow_missing=True),
    log:
        LOGS / "test-time" / "{arm}.log",
    benchmark:
        BENCHMARKS / "test-time" / "{arm}.tsv"
    conda:
        ENVIRONMENT
    threads: PLAN.settings.threads
    resources:
        gpu=PLAN.gpus,
        mem_mb=memory,
        runtime=minutes(len(STUDY.tested_seeds)),
    params:
        seeds=STUDY.tested_seeds,
        policy=policy(),
        code=lambda wildcards: identity.code_of(
            [STUDY.run(wildcards.arm, STUDY.seeds[0])], identity.DROPPED
        ),
    message:
        "test_time: {wildcards.arm} with units dropped at test time"
    shell:
        "python -m adsmtl --log {log} test-time --arm {wildcards.arm} --seeds {params.seeds}"


# Arms can have seeds of their own, so there is a rule for every number of seeds.
for seeds in dict.fromkeys(map(STUDY.seeds_of, PLAN.related)):

    rule:
        name:
            f"affinity_seeds_{said(seeds)}"
        input:
            cards(),
        output:
            update(expand(RUN / "affinity.json", seed=seeds, allow_missing=True)),
        log:
            LOGS / "affinity" / "{arm}.log",
        benchmark:
            BENCHMARKS / "affinity" / "{arm}.tsv"
        wildcard_constraints:
            arm="|".join(re.escape(arm) for arm in PLAN.related if STUDY.seeds_of(arm) == seeds),
        conda:
            ENVIRONMENT
        threads: PLAN.settings.threads
        resources:
            gpu=PLAN.gpus,
            mem_mb=memory,
            runtime=minutes(len(seeds)),
        params:
            arm=lambda wildcards: wildcards.arm,
            seeds=seeds,
            how=adsmtl_config.preset(STUDY.preset).affinity,
            config=lambda wildcards: [
                STUDY.run(wildcards.arm, seed).config_hash
                for seed in STUDY.seeds_of(wildcards.arm)
            ],
            code=lambda wildcards: identity.code_of(
                [STUDY.run(wildcards.arm, STUDY.seeds_of(wildcards.arm)[0])], identity.RELATED
            ),
        message:
            "affinity_{wildcards.arm}: how far the gradients of its tasks agree"
        shell:
            "python -m adsmtl --log {log} affinity --arms {params.arm} --seeds {params.seeds}"


# Nothing below reads a run's folder: the tables hold what all runs say.
rule collect:
    input:
        finished(),
    output:
        COLLECTED,
    log:
        LOGS / "collect.log",
    benchmark:
        BENCHMARKS / "collect.tsv"
    conda:
        ENVIRONMENT
    params:
        seeds={arm: STUDY.seeds_of(arm) for arm in STUDY.arms},
        planned=STUDY.planned,
        code=modules.of_step(["collected.collect"]),
    message:
        "collect: what {ROOT}/runs says, in tables"
    shell:
        "python -m adsmtl --log {log} collect"


rule train:
    input:
        finished(),
    message:
        "train: every run is finished"
