# MLflow is filled by this one serial step, never by the training jobs.
rule track:
    input:
        rules.report.input,
        finished(),
        sources("tracking/*.py"),
    output:
        touch(ROOT / ".tracked"),
    log:
        LOGS / "track.log",
    benchmark:
        BENCHMARKS / "track.tsv"
    conda:
        ENVIRONMENT
    params:
        root=ROOT,
    shell:
        "python -m adsmtl --log {log} track --only {params.root}"
