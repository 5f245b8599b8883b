# One job per pack trains all its runs, so that a process starts once for several of them. A run
# is trained again when its own configuration, its data or the code that decides its numbers
# change, not when another arm does. Before it trains, a job says how long the study still takes.
#
# On a CPU a pack holds a few runs, on CUDA as many arms as there are devices to share them. The job
# leaves runs alone that are finished and would not change, so its outputs are updated in place.
# Every pack is a rule, because Snakemake takes no function for outputs: a rule with a wildcard
# for the pack would have to hide its runs behind a marker, and a deleted run would go unnoticed.
for pack in PLAN.packs:

    rule:
        name:
            f"train_{pack.name}"
        input:
            cards(),
            [
                paths.run(ROOT, arm, seed) / "history.jsonl"
                for arm in pack.after
                for seed in pack.seeds
            ],
        output:
            metrics=update(expand(RUN / "metrics.json", arm=pack.arms, seed=pack.seeds)),
            history=update(expand(RUN / "history.jsonl", arm=pack.arms, seed=pack.seeds)),
            predictions=update(expand(RUN / "predictions.npz", arm=pack.arms, seed=pack.seeds)),
            # Every run leaves its parameters; only those that are loaded again are waited for.
            checkpoint=update(
                expand(
                    RUN / "checkpoint.safetensors",
                    arm=[arm for arm in pack.arms if arm in DROPPING],
                    seed=pack.seeds,
                )
            ),
        log:
            LOGS / "train" / f"{pack.name}.log",
        benchmark:
            BENCHMARKS / "train" / f"{pack.name}.tsv"
        conda:
            ENVIRONMENT
        threads: PLAN.settings.threads
        resources:
            gpu=PLAN.gpus,
            mem_mb=memory,
            runtime=minutes(len(pack.arms) * len(pack.seeds)),
        params:
            arms=pack.arms,
            seeds=pack.seeds,
            config=[STUDY.run(arm, seed).config_hash for arm in pack.arms for seed in pack.seeds],
            names=[STUDY.arms[arm].names() for arm in pack.arms],
            code=identity.code_of(STUDY.run(arm, seed) for arm in pack.arms for seed in pack.seeds),
        message:
            f"train_{pack.name}: {len(pack.arms)} arms, {len(pack.seeds)} seeds"
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
        policy=STUDY.test_time,
        code=lambda wildcards: identity.code_of(
            [STUDY.run(wildcards.arm, STUDY.seeds[0])], identity.DROPPED
        ),
    message:
        "test_time: {wildcards.arm} with units dropped at test time"
    shell:
        "python -m adsmtl --log {log} test-time --arm {wildcards.arm} --seeds {params.seeds}"


# A rule for every arm, because arms can have seeds of their own.
for related in PLAN.related:

    rule:
        name:
            f"affinity_{related}"
        input:
            cards(),
        output:
            update(expand(RUN / "affinity.json", arm=related, seed=STUDY.seeds_of(related))),
        log:
            LOGS / "affinity" / f"{related}.log",
        benchmark:
            BENCHMARKS / "affinity" / f"{related}.tsv"
        conda:
            ENVIRONMENT
        threads: PLAN.settings.threads
        resources:
            gpu=PLAN.gpus,
            mem_mb=memory,
            runtime=minutes(len(STUDY.seeds_of(related))),
        params:
            arm=related,
            seeds=STUDY.seeds_of(related),
            how=adsmtl_config.preset(STUDY.preset).affinity,
            config=[STUDY.run(related, seed).config_hash for seed in STUDY.seeds_of(related)],
            code=identity.code_of(
                [STUDY.run(related, STUDY.seeds_of(related)[0])], identity.RELATED
            ),
        message:
            f"affinity_{related}: how far the gradients of its tasks agree"
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
