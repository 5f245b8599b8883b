"""Tables as Markdown, HTML, and LaTeX with booktabs, from the same rows of text."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

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


@dataclass(frozen=True)
class TextTable:
    """A table ready to be read: all cells are text, the first column is left-aligned.

    `breaks` are the indices of rows before which a new group begins.
    """

    name: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    breaks: Sequence[int] = field(default_factory=tuple)
    left: int = 1


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


def html(table: TextTable) -> str:
    """The caption, a table and the notes, in the classes of the report's style sheet."""

    def row(cells: Sequence[str], tag: str, scope: str = "") -> str:
        left = ' class="left"'
        return "".join(
            f"<{tag}{left if index < table.left else ''}{scope}>{escape(cell)}</{tag}>"
            for index, cell in enumerate(cells)
        )

    head = row(table.columns, "th", ' scope="col"')
    lines = [
        f'<p class="caption">{escape(table.caption)}</p>',
        '<div class="wide"><table>',
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
    ]
    for index, cells in enumerate(table.rows):
        group = ' class="break"' if index in table.breaks else ""
        lines.append(f"<tr{group}>{row(cells, 'td')}</tr>")
    lines += ["</tbody></table></div>", *(f'<p class="note">{escape(n)}</p>' for n in table.notes)]
    return "\n".join(lines) + "\n"


def latex(table: TextTable) -> str:
    """A `table*` float for `booktabs` and `graphicx`, shrunk to the text width if wider."""

    def line(cells: Sequence[str]) -> str:
        return " & ".join(map(latex_escape, cells)) + r" \\"

    body = []
    for index, row in enumerate(table.rows):
        if index in table.breaks:
            body.append(r"\midrule")
        body.append(line(row))
    alignment = "l" * table.left + "r" * (len(table.columns) - table.left)
    lines = [
        "% needs \\usepackage{booktabs,graphicx}",
        r"\begin{table*}",
        r"\centering",
        rf"\caption{{{latex_escape(table.caption)}}}",
        rf"\label{{tab:{table.name}}}",
        r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        rf"\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        line(table.columns),
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}}",
        *(rf"\par\smallskip\footnotesize {latex_escape(note)}" for note in table.notes),
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"
