# MLflow is filled by this one serial step, never by the training jobs.
rule track:
    input:
        rules.report.input,
        COLLECTED,
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
        code=modules.of_step(["tracking.mlflow_import"]),
    message:
        "track: {ROOT} into MLflow"
    shell:
        "python -m adsmtl --log {log} track --only {params.root}"
