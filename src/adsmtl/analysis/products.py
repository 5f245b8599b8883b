"""Names of everything the analysis writes; imports nothing heavy, so a workflow can use it."""

from pathlib import Path

TABLES = ("main", "comparisons")
TABLE_FORMATS = ("csv", "md", "tex")
SUMMARY = "tables/summary.json"
CURVES = "tables/curves.csv"
FIGURES = ("accuracy", "gap", "rates", "learning-curves")
FIGURE_FORMATS = ("pdf", "png")
CAPTION = "caption.txt"
LISTING = "listing.json"
CLAIMS = ("claims.json", "claims.md")
REPORT = "report.html"
MANIFEST = "manifest.json"


def tables(root: Path) -> list[Path]:
    """Every table file below the results folder `root`."""
    written = [root / "tables" / f"{name}.{kind}" for name in TABLES for kind in TABLE_FORMATS]
    return [*written, root / SUMMARY, root / CURVES]


def figures(root: Path) -> list[Path]:
    """Every figure file below the results folder `root`, captions included."""
    kinds = (*FIGURE_FORMATS, CAPTION)
    return [root / "figures" / f"{name}.{kind}" for name in FIGURES for kind in kinds]


def all_products(root: Path) -> list[Path]:
    """Every table, figure and caption, in a fixed order."""
    return [*tables(root), *figures(root)]
