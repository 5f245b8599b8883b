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


# Last of all, so that the call fails where a run diverged, and everything else is there.
rule diverged:
    input:
        COLLECTED,
        rules.track.output,
    output:
        touch(ROOT / ".undiverged"),
    log:
        LOGS / "diverged.log",
    conda:
        ENVIRONMENT
    params:
        code=modules.of_step(["collected.diverged"]),
    message:
        "diverged: is there a run that diverged?"
    shell:
        "python -m adsmtl --log {log} diverged"
