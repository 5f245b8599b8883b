# One job per pack trains all its runs, so that a process starts once for several of them. A run
# is trained again when its own configuration, its data or the code that decides its numbers
# change, not when another arm does.
rule estimate:
    input:
        cards(),
    output:
        ROOT / "estimate.json",
    log:
        LOGS / "estimate.log",
    benchmark:
        BENCHMARKS / "estimate.tsv"
    conda:
        ENVIRONMENT
    resources:
        gpu=PLAN.gpus,
    params:
        cores=lambda wildcards: workflow.cores or 1,
    shell:
        "python -m adsmtl --log {log} estimate --cores {params.cores}"


# On a CPU a pack holds a few runs, on CUDA as many arms as there are devices to share them. The job
# leaves runs alone that are finished and would not change, so its outputs are updated in place.
for pack in PLAN.packs:

    rule:
        name:
            f"train_{pack.name}"
        input:
            cards(),
            [
                paths.run(ROOT, arm, seed) / "history.jsonl"
                for arm in pack.after
                for seed in STUDY.seeds
            ],
            # It says how long the study takes, and is no reason to train again.
            estimate=ancient(ROOT / "estimate.json"),
        output:
            metrics=update(expand(RUN / "metrics.json", arm=pack.arms, seed=STUDY.seeds)),
            history=update(expand(RUN / "history.jsonl", arm=pack.arms, seed=STUDY.seeds)),
            checkpoint=update(
                expand(RUN / "checkpoint.safetensors", arm=pack.arms, seed=STUDY.seeds)
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
        params:
            arms=pack.arms,
            seeds=STUDY.seeds,
            config=[STUDY.run(arm, seed).config_hash for arm in pack.arms for seed in STUDY.seeds],
            names=[STUDY.arms[arm].names() for arm in pack.arms],
            code=identity.code_of(STUDY.run(arm, seed) for arm in pack.arms for seed in STUDY.seeds),
        shell:
            "python -m adsmtl --log {log} train --arms {params.arms} --seeds {params.seeds}"


rule test_time:
    input:
        expand(RUN / "checkpoint.safetensors", seed=STUDY.seeds, allow_missing=True),
        cards(),
    output:
        expand(RUN / "test-time.json", seed=STUDY.seeds, allow_missing=True),
    log:
        LOGS / "test-time" / "{arm}.log",
    benchmark:
        BENCHMARKS / "test-time" / "{arm}.tsv"
    conda:
        ENVIRONMENT
    threads: PLAN.settings.threads
    resources:
        gpu=PLAN.gpus,
    params:
        seeds=STUDY.seeds,
        policy=STUDY.test_time,
        code=lambda wildcards: identity.code_of([STUDY.run(wildcards.arm, 0)], identity.DROPPED),
    shell:
        "python -m adsmtl --log {log} test-time --arm {wildcards.arm} --seeds {params.seeds}"


rule train:
    input:
        finished(),
