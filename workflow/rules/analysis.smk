# Tables and figures, from the collected tables and the ledger alone.
rule tables:
    input:
        COLLECTED,
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
    params:
        code=modules.of_step(["tables.build"]),
    message:
        "tables: {ROOT}/tables"
    shell:
        "python -m adsmtl --log {log} tables"


rule figures:
    input:
        COLLECTED,
        rules.claims.output,
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
    params:
        code=modules.of_step(["figures.build"], ["figures/*.py"]),
    message:
        "figures: {ROOT}/figures"
    shell:
        "python -m adsmtl --log {log} figures"
