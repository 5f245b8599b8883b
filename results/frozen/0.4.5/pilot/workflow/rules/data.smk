# Fetch, verify and prepare. Archives are kept in data/raw, so a changed step does not download.
rule prepare:
    output:
        card=paths.PREPARED / "{dataset}" / "card.json",
        words=paths.PREPARED / "{dataset}" / "card.md",
        samples=paths.PREPARED / "{dataset}" / "samples.png",
        statistics=paths.PREPARED / "{dataset}" / "statistics.json",
        examples=paths.PREPARED / "{dataset}" / "examples.png",
        means=paths.PREPARED / "{dataset}" / "means.png",
        classes=paths.PREPARED / "{dataset}" / "classes.png",
    log:
        Path("data/logs") / "{dataset}.log",
    benchmark:
        Path("data/logs") / "{dataset}.benchmark.tsv"
    conda:
        ENVIRONMENT
    # Alignment of speech uses all cores; more than there are is scaled down.
    threads: lambda wildcards: 64 if wildcards.dataset.startswith("librispeech") else 1
    params:
        code=modules.of_step(["files", "seals"], ["data/**/*.py"]),
        # Data of one's own: their entry in config/datasets.yaml, and which files there are.
        own=lambda wildcards: adsmtl_config.state(wildcards.dataset),
    message:
        "prepare: {wildcards.dataset}"
    shell:
        "python -m adsmtl --log {log} prepare {wildcards.dataset} --processes {threads}"


# A known method on the same segments, to place the accuracies of the study.
rule baseline:
    input:
        rules.prepare.output.card,
    output:
        paths.PREPARED / "{dataset}" / "baseline.json",
    log:
        Path("data/logs") / "{dataset}.baseline.log",
    benchmark:
        Path("data/logs") / "{dataset}.baseline.benchmark.tsv"
    conda:
        ENVIRONMENT
    params:
        code=modules.of_step(["baselines.svm"]),
    message:
        "baseline: a support vector machine on {wildcards.dataset}"
    shell:
        "python -m adsmtl --log {log} baseline {wildcards.dataset}"


rule data:
    input:
        cards(),
        baselines(),
