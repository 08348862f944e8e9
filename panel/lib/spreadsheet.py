"""Rows as the lines of a CSV file that spreadsheets open as it is meant. Called by the exports."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from panel.lib.money import plain

BOM = "\ufeff"
"""Tells a spreadsheet that the text is UTF-8."""
_FORMULA = tuple("=+-@\t\r\n\x00＝＋－＠")
_INNER_FORMULA = re.compile(r"([;\t]\s*)(?=[=+\-@＝＋－＠])")

Cell = str | int | Decimal | None


class _Line:
    """What csv writes to: keeps the one line that was written last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_lines(*, head: Sequence[str], batches: Iterable[Iterable[Iterable[Cell]]]) -> Iterator[str]:
    """The file's text, its head first, a part for each batch. Numbers are in exact digits; None is an empty cell.

    No text begins like a formula: one that would begins with an apostrophe, which spreadsheets read as "text". Neither
    does what follows a semicolon or a tab, where spreadsheets of other countries begin a cell. Every cell is quoted.
    """
    line = _Line()
    writer = csv.writer(line, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    yield BOM + line.text
    for batch in batches:
        lines = []
        for row in batch:
            writer.writerow([_written(cell) for cell in row])
            lines.append(line.text)
        yield "".join(lines)


def _written(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return plain(cell)
    if isinstance(cell, int):
        return str(cell)
    text = _INNER_FORMULA.sub(r"\1'", cell or "")
    return f"'{text}" if text.startswith(_FORMULA) else text
