# Tables and figures, from the collected tables and the ledger alone. Snakemake's page shows one
# picture of every figure, under its title and with its own caption, and every table twice: to read,
# and for other programs.
rule tables:
    input:
        COLLECTED,
    output:
        list(map(listed_table, outputs.tables(ROOT, TRAITS))),
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
        list(map(listed_figure, outputs.figures(ROOT, TRAITS))),
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
