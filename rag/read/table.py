"""Tables: the bytes of a .csv or .xlsx -> text with one row a paragraph, each value with its column's name.

In: the bytes of the file. Out: a Source of lines 列名：值；列名：值。; a workbook's sheets each under a heading.
Formulas are not computed: the value that was saved is read. Hidden sheets are left out.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from rag.errors import DocumentError
from rag.read.docx import BROKEN, LIMIT, check_package
from rag.read.text import decode
from rag.source import Source

_Row = Sequence[str]


def csv_source(data: bytes, path: Path) -> Source:
    """The rows of a table separated by commas, tabs or semicolons. Raises DocumentError."""
    text = decode(data, path)
    first = next((line for line in text.split("\n") if line.strip()), "")
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a cell may hold a whole law
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=max(",\t;", key=first.count)))
    except csv.Error as error:
        raise DocumentError("document_damaged", path=path) from error
    return _joined(_lines(rows))


def source(data: bytes, path: Path, unpacked: int = LIMIT) -> Source:
    """The rows of every sheet that is shown. Raises DocumentError: encrypted, damaged, too large when unpacked."""
    found: list[str] = []
    for title, rows in sheets(data, path, unpacked):
        lines = list(_lines(rows))
        found += [f"# {title}", *lines] if lines else []
    return _joined(found)


def sheets(data: bytes, path: Path, unpacked: int = LIMIT) -> list[tuple[str, list[list[str]]]]:
    """The sheets of a workbook that are shown, each with its title and rows. Raises DocumentError as `source` does."""
    import openpyxl

    check_package(data, path, unpacked)
    found = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of colours and validations, which nobody cites
            for sheet in openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True).worksheets:
                sheet.reset_dimensions()
                if sheet.sheet_state == "visible":
                    found.append((sheet.title, [[_cell(cell) for cell in row] for row in sheet.iter_rows()]))
    except BROKEN as error:
        raise DocumentError("document_damaged", path=path) from error
    return found


def _cell(cell: Any) -> str:
    value = cell.value
    if isinstance(value, datetime) and value.time() == datetime.min.time():
        return value.date().isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        percent = "%" in (cell.number_format or "")
        return f"{value * 100:.10g}%" if percent else f"{value:.15g}" if isinstance(value, float) else str(value)
    return "" if value is None else str(value)


def _lines(rows: Sequence[_Row]) -> Iterator[str]:
    """A line a row. The first row of several values names the columns; what stands above it is a title."""
    clean = [[" ".join(value.split()) for value in row] for row in rows]
    clean = [row for row in clean if any(row)]
    head = next((n for n, row in enumerate(clean) if sum(map(bool, row)) > 1), 0)
    names = clean[head] if clean else []
    if len(clean) <= head + 1:
        yield from ("；".join(filter(None, row)) for row in clean)
        return
    yield from ("".join(row) for row in clean[:head])
    for row in clean[head + 1 :]:
        named = [*names, *[""] * (len(row) - len(names))]
        line = "；".join(
            f"{name}：{value}" if name else value for name, value in zip(named, row, strict=False) if value
        )
        yield line if line.endswith(("。", "！", "？")) else line + "。"


def _joined(paragraphs: Iterator[str] | Sequence[str]) -> Source:
    text = "\n\n".join(paragraphs)
    return Source(text + "\n" if text else "")
