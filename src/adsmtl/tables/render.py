"""Tables as Markdown and as LaTeX with booktabs; `report.template` writes the same as HTML."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{MINUS SIGN}": r"$-$",
    "\N{EN DASH}": "--",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{GREEK CAPITAL LETTER DELTA}": r"$\Delta$",
    "\N{GREEK SMALL LETTER KAPPA}": r"$\kappa$",
    "\N{GREEK SMALL LETTER LAMDA}": r"$\lambda$",
}


# About as many characters of 8 pt stand in a line of 7 inches, and the space between columns
# takes as much as so many of them.
_LINE, _GAP = 125, 3
_NARROW = 10  # characters that a heading may have in a line, whatever stands below


@dataclass(frozen=True)
class TextTable:
    """A table ready to be read: all cells are text.

    `breaks` are the indices of rows before which a new group begins, `left` is how many of the
    first columns are left-aligned, and `wrap` are columns of text that may take several lines.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    breaks: Sequence[int] = ()
    left: int = 1
    wrap: Sequence[int] = ()


def latex_escape(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(character, character) for character in text)


def markdown(table: TextTable) -> str:
    """The caption, a pipe table and the notes."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"

    rule = ["---"] * table.left + ["---:"] * (len(table.columns) - table.left)
    lines = [table.caption, "", line(table.columns), line(rule), *map(line, table.rows)]
    for note in table.notes:
        lines += ["", note]
    return "\n".join(lines) + "\n"


def latex(table: TextTable) -> str:
    """A `table*` float for `booktabs` and `graphicx`.

    Columns that do not fit beside each other stand in a second part below the first, where the
    names of the rows are repeated. A part that is too wide all the same is shrunk.
    """
    lines = [
        "% needs \\usepackage{booktabs,graphicx}",
        r"\begin{table*}",
        r"\centering\footnotesize",
        rf"\caption{{{latex_escape(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
    ]
    for place, columns in enumerate(_parts(table)):
        lines += [r"\par\medskip"] if place else []
        lines += _tabular(table, columns)
    lines += [rf"\par\smallskip {latex_escape(note)}" for note in table.notes]
    return "\n".join([*lines, r"\end{table*}"]) + "\n"


def _parts(table: TextTable) -> list[list[int]]:
    """The columns of every part, of about the same width; the left ones are in each."""
    headings = _headings(table)
    widths = [
        max(map(len, (*headings[column], *(str(row[column]) for row in table.rows)))) + _GAP
        for column in range(len(headings))
    ]
    names, others = range(table.left), range(table.left, len(widths))
    room = max(_LINE - sum(widths[: table.left]), 1)
    count = -(-sum(widths[table.left :]) // room)
    share = sum(widths[table.left :]) / max(count, 1)
    parts: list[list[int]] = [[]]
    for column in others:
        taken = sum(widths[one] for one in parts[-1])
        if parts[-1] and taken + widths[column] / 2 > share:
            parts.append([])
        parts[-1].append(column)
    return [[*names, *part] for part in parts]


def _headings(table: TextTable) -> list[list[str]]:
    """The lines of every heading; those wider than what stands below them are broken."""
    return [
        textwrap.wrap(heading, max([_NARROW, *(len(str(row[column])) for row in table.rows)]))
        for column, heading in enumerate(table.columns)
    ]


def _heading(lines: Sequence[str]) -> str:
    own = r" \\ ".join(map(latex_escape, lines))
    return rf"\shortstack[r]{{{own}}}" if len(lines) > 1 else own


def _tabular(table: TextTable, columns: Sequence[int]) -> list[str]:
    """Some columns of the table."""

    def line(cells: Sequence[str]) -> str:
        return " & ".join(latex_escape(cells[column]) for column in columns) + r" \\"

    headings = _headings(table)
    body = []
    for index, row in enumerate(table.rows):
        if index in table.breaks:
            body.append(r"\midrule")
        body.append(line(row))
    alignment = "".join("l" if column < table.left else "r" for column in columns)
    return [
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        " & ".join(_heading(headings[column]) for column in columns) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
    ]
