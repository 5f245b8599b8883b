# Tables and figures as Snakemake's page lists them.
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
