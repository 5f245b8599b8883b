# Fetch, verify and prepare. Archives are kept in data/raw, so a changed step does not download.
rule prepare:
    output:
        card=paths.PREPARED / "{dataset}" / "card.json",
        words=paths.PREPARED / "{dataset}" / "card.md",
        samples=paths.PREPARED / "{dataset}" / "samples.png",
    log:
        Path("data/logs") / "{dataset}.log",
    benchmark:
        Path("data/logs") / "{dataset}.benchmark.tsv"
    conda:
        ENVIRONMENT
    # Alignment of speech uses all cores; more than there are is scaled down.
    threads: lambda wildcards: 64 if wildcards.dataset.startswith("librispeech") else 1
    params:
        code=modules.of_step(["files"], ["data/**/*.py"]),
        # Data of one's own: their entry in config/datasets.yaml, and which files there are.
        own=lambda wildcards: adsmtl_config.state(wildcards.dataset),
    message:
        "prepare: {wildcards.dataset}"
    shell:
        "python -m adsmtl --log {log} prepare {wildcards.dataset} --processes {threads}"


rule data:
    input:
        cards(),
