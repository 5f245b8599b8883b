# One job per arm and seed. A run is trained again when its own configuration, its data or the
# code that decides its numbers change, not when another arm does.
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
        gpu=1,
    params:
        cores=lambda wildcards: workflow.cores or 1,
    shell:
        "python -m adsmtl --log {log} estimate --cores {params.cores}"


rule train_run:
    input:
        cards(),
        sources("rng.py", "spec.py", "dropout/*.py", "tasks/*.py", "training/*.py"),
        # It says how long the study takes, and is no reason to train again.
        estimate=ancient(ROOT / "estimate.json"),
    output:
        metrics=RUN / "metrics.json",
        history=RUN / "history.jsonl",
        checkpoint=RUN / "checkpoint.safetensors",
    log:
        LOGS / "train" / "{arm}" / "seed={seed}.log",
    benchmark:
        BENCHMARKS / "train" / "{arm}" / "seed={seed}.tsv"
    wildcard_constraints:
        seed="[0-9]+",
    conda:
        ENVIRONMENT
    threads: PLAN.settings.threads
    resources:
        gpu=1,
    params:
        config=lambda wildcards: STUDY.run(wildcards.arm, int(wildcards.seed)).config_hash,
    shell:
        "python -m adsmtl --log {log} train --arm {wildcards.arm} --seed {wildcards.seed}"


rule train:
    input:
        finished(),
