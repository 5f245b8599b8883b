# Tables and figures, from the collected tables and the ledger alone. Snakemake's page shows one
# picture of every figure, under its title and with its own caption, and every table twice: to read,
# and for other programs.
TABLE_TITLES = outputs.table_titles(
    TRAITS, {arm.group: arm.group_title for arm in STUDY.arms.values()}
)
TABLE_KINDS = {".csv": "CSV", ".md": "Markdown"}
FIGURE_TITLES = outputs.figure_titles(TRAITS)


def listed_table(path):
    """A file of a table, on Snakemake's page where it is for people."""
    title, kind = TABLE_TITLES.get(path.stem), TABLE_KINDS.get(path.suffix)
    if not (title and kind):
        return path
    return report(
        path,
        category="Tables",
        labels={"table": title, "format": kind},
        caption="../report/table.rst",
    )


def listed_figure(path):
    """A file of a figure, on Snakemake's page where it is the picture."""
    if path.suffix != ".png":
        return path
    return report(
        path,
        category="Figures",
        labels={"figure": FIGURE_TITLES[path.stem]},
        caption=str(path.with_suffix(f".{outputs.CAPTION}").absolute()),
    )


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
