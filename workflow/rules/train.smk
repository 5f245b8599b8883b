# One job per arm trains all its seeds, so that a process starts once for several runs. An arm is
# trained again when its own configuration, its data or the code that decides its numbers change,
# not when another arm does. Finished seeds of an interrupted job are not trained again.
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


rule train_arm:
    input:
        cards(),
        sources("rng.py", "spec.py", "dropout/*.py", "tasks/*.py", "training/*.py"),
        # It says how long the study takes, and is no reason to train again.
        estimate=ancient(ROOT / "estimate.json"),
    output:
        metrics=expand(RUN / "metrics.json", seed=STUDY.seeds, allow_missing=True),
        history=expand(RUN / "history.jsonl", seed=STUDY.seeds, allow_missing=True),
        checkpoint=expand(RUN / "checkpoint.safetensors", seed=STUDY.seeds, allow_missing=True),
    log:
        LOGS / "train" / "{arm}.log",
    benchmark:
        BENCHMARKS / "train" / "{arm}.tsv"
    conda:
        ENVIRONMENT
    threads: PLAN.settings.threads
    resources:
        gpu=PLAN.gpus,
    params:
        config=lambda wildcards: [
            STUDY.run(wildcards.arm, seed).config_hash for seed in STUDY.seeds
        ],
        seeds=STUDY.seeds,
    shell:
        "python -m adsmtl --log {log} train --arm {wildcards.arm} --seeds {params.seeds}"


rule train:
    input:
        finished(),
