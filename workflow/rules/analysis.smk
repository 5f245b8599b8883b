# Tables and figures from the runs' files alone.
rule tables:
    input:
        finished(),
        sources("analysis/*.py", "tables/*.py"),
    output:
        report(
            outputs.tables(ROOT, TRAITS),
            category="Tables",
            caption="../report/table.rst",
        ),
    log:
        LOGS / "tables.log",
    benchmark:
        BENCHMARKS / "tables.tsv"
    conda:
        ENVIRONMENT
    shell:
        "python -m adsmtl --log {log} tables"


rule figures:
    input:
        finished(),
        rules.claims.output,
        sources("analysis/*.py", "figures/*.py"),
    output:
        report(
            outputs.figures(ROOT, TRAITS),
            category="Figures",
            caption="../report/figure.rst",
        ),
    log:
        LOGS / "figures.log",
    benchmark:
        BENCHMARKS / "figures.tsv"
    conda:
        ENVIRONMENT
    shell:
        "python -m adsmtl --log {log} figures"
