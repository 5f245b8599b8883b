"""Tables that a person or an aligner wrote: CSV, TSV and Parquet, every value as text."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from adsmtl.data.own import layout
from adsmtl.errors import UserError

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


class Row(NamedTuple):
    """A row and its number: its line in a text file, else counted from 1."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table that has been read.

    Attributes:
        path: its file.
        unit: what the number of a row counts: `line` or `row`.
        columns: the wanted columns that it has.
        rows: with a value, perhaps empty, for each of `columns`.
    """

    path: Path
    unit: str
    columns: frozenset[str]
    rows: Sequence[Row]

    def place(self, number: int) -> str:
        """How messages call a row."""
        return f"{self.path}, {self.unit} {number}"


def read(
    path: Path,
    required: Sequence[str],
    optional: Sequence[str] = (),
    named: Mapping[str, str] | None = None,
) -> Table:
    """Read the wanted columns of a table; others are left alone, and so are empty lines.

    Args:
        required, optional: columns.
        named: what the table calls them, where it calls them otherwise.

    Raises:
        UserError: the file is missing, of another format, not UTF-8, lacks a column, or a row has
            an odd number of values or lacks a required one; names file and line.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; it should be the table of the data set")
    stated = named or {}
    named = {column: stated.get(column, column) for column in (*required, *optional)}
    suffix = path.suffix.lower()
    if suffix in _DELIMITERS:
        unit = "line"
        header, rows = _text(path, _DELIMITERS[suffix])
    elif suffix == ".parquet":
        unit = "row"
        header, rows = _parquet(path)
    else:
        raise UserError(f"{path} is no table; write .csv, .tsv or .parquet")
    if double := {name for name in header if header.count(name) > 1} & set(named.values()):
        raise UserError(f"{path} has two columns {min(double)!r}; rename one")
    if len(header) == 1 and ";" in header[0]:
        raise UserError(f"{path} separates values by ';'; separate them by ',', or by tabs in .tsv")
    alike = {own.lower() for own in header} - set(header)  # such as Split for split
    needed = [name for name in named if name in (*required, *stated) or name in alike]
    if missing := [named[column] for column in needed if named[column] not in header]:
        raise UserError(
            f"{path} has no column {missing[0]!r}; it has {', '.join(map(repr, header))}. Rename"
            " it, or say under `columns` what the table calls it"
        )
    places = {column: header.index(own) for column, own in named.items() if own in header}
    table = Table(path, unit, frozenset(places), [])
    for number, values in rows:
        found = {column: values[place].strip() for column, place in places.items()}
        if empty := [named[column] for column in required if not found[column]]:
            raise UserError(f"{table.place(number)}: {empty[0]!r} is empty")
        table.rows.append(Row(number, found))
    if not table.rows:
        raise UserError(f"{path} has no rows")
    return table


def _text(path: Path, delimiter: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise layout.unreadable(error) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{path}, line {line}, is not UTF-8: {error.reason}; save it so") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        header = [name.strip() for name in next(reader, [])]
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                raise UserError(
                    f"{path}, line {reader.line_num}: {len(values)} values, but the head of the"
                    f" table has {len(header)}; put text that holds {delimiter!r} in quotes"
                )
            rows.append((reader.line_num, values))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}") from error
    return header, rows


def _parquet(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read as Parquet: {error}") from error
    columns = [
        ["" if value is None or value != value else str(value) for value in column.to_pylist()]
        for column in table.columns
    ]
    rows = [(number, list(values)) for number, values in enumerate(zip(*columns, strict=True), 1)]
    return list(table.column_names), rows
