"""API v2's list of services, row by row: what makes sense becomes a ServiceRow, the rest a RejectedRow. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from panel.lib import money
from providers.adapters.base import RejectedRow, ServiceRow
from providers.adapters.decode import Broken, currency, flag, number, whole
from providers.adapters.texts import many_lines, one_line
from providers.adapters.vocabulary import RAW_LENGTH, raw_text, service_type

MAX_ROWS = 20_000
NAME_LENGTH = 300
DESCRIPTION_LENGTH = 4000
MAX_QUANTITY = 10**9
MAX_RATE = Decimal(10) ** 9
ID_TOO_LARGE = 10**64

_CODE = re.compile("[A-Z]{3,8}")
_ID = re.compile(r"[!-~]{1,64}", re.ASCII)


class _RowError(Exception):
    """Why a row is rejected, in words for staff."""


def read_services(data: Any) -> tuple[list[ServiceRow], list[RejectedRow]]:
    """The rows of the list in its order, and those that make no sense. Raises Broken when it is no list at all."""
    rows = _rows(data)
    ids = [_id(row.get("service")) if isinstance(row, dict) else "" for row in rows]
    times = Counter(ids) if len(set(ids)) < len(ids) else {}
    good: list[ServiceRow] = []
    rejected: list[RejectedRow] = []
    repeated: set[str] = set()
    for external_id, row in zip(ids, rows, strict=True):
        if external_id and times.get(external_id, 1) > 1:
            # Which of them is meant cannot be known, so none is kept.
            if external_id not in repeated:
                repeated.add(external_id)
                rejected.append(RejectedRow(external_id, f"listed {times[external_id]} times"))
            continue
        try:
            good.append(_known_or_new_row(external_id, row))
        except _RowError as problem:
            rejected.append(RejectedRow(external_id, str(problem)))
    return good, rejected


def read_currencies(data: Any) -> frozenset[str]:
    """The currencies that rows of the list name, in capitals. Raises Broken when it is no list at all."""
    named = {currency(row["currency"]) for row in _rows(data) if isinstance(row, dict) and row.get("currency")}
    return frozenset(filter(_CODE.fullmatch, named))


def _rows(data: Any) -> Sequence[Any]:
    if isinstance(data, dict) and data and all(isinstance(row, dict) for row in data.values()):
        data = list(data.values())  # PHP writes a list with gaps as an object
    if not isinstance(data, list):
        raise Broken("The list of services is not a list.")
    if len(data) > MAX_ROWS:
        raise Broken(f"The list of services has {len(data)} rows; {MAX_ROWS} are read at most.")
    return data


def _known_or_new_row(external_id: str, row: Any) -> ServiceRow:
    """`_row`, remembered: from one sync to the next nearly all rows are the same, and reading one is costly."""
    if not isinstance(row, dict):
        raise _RowError("not a service")
    if not external_id:
        raise _RowError("its id is missing, too long or not an id")
    try:
        return _remembered_row(external_id, tuple(row), *row.values())
    except TypeError:  # a list or an object among the values, which cannot be a cache key
        return _row(external_id, row)


@lru_cache(maxsize=2 * MAX_ROWS, typed=True)
def _remembered_row(external_id: str, names: Sequence[str], *values: Any) -> ServiceRow:
    """Typed, for True and 1 are equal, and read differently."""
    return _row(external_id, dict(zip(names, values, strict=True)))


def _row(external_id: str, row: dict[str, Any]) -> ServiceRow:
    least, most = _quantities(row.get("min"), row.get("max"))
    raw_type = raw_text(row.get("type"))
    description = row.get("desc") or row.get("description")
    return ServiceRow(
        external_id=external_id,
        name=_text(row.get("name"), NAME_LENGTH) or f"Service {external_id}",
        type=service_type(raw_type),
        raw_type=raw_type,
        category=_text(row.get("category"), NAME_LENGTH),
        rate=_rate(row.get("rate")),
        min=least,
        max=most,
        refill=flag(row.get("refill")),
        cancel=flag(row.get("cancel")),
        dripfeed=flag(row.get("dripfeed")),
        description=many_lines(description, length=DESCRIPTION_LENGTH) if isinstance(description, str) else "",
        average_time=_text(row.get("average_time"), RAW_LENGTH),
    )


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < ID_TOO_LARGE:
        return str(value)
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _text(value: Any, length: int) -> str:
    return one_line(value, length=length) if isinstance(value, str) else raw_text(value)


def _quantities(least: Any, most: Any) -> tuple[int, int]:
    low, high = whole(least), whole(most)
    if low is None or high is None:
        raise _RowError("its minimum or maximum is not a whole number")
    if low <= 0:
        raise _RowError("its minimum is not above 0")
    if high > MAX_QUANTITY:
        raise _RowError("its maximum is above 1,000,000,000")
    if low > high:
        raise _RowError("its minimum is above its maximum")
    return low, high


def _rate(value: Any) -> Decimal:
    rate = number(value)
    if rate is None:
        raise _RowError("its rate is not a number")
    if rate < 0:
        raise _RowError("its rate is negative")
    if rate > MAX_RATE:
        raise _RowError("its rate is above 1,000,000,000")
    return money.round_up(rate)  # what we pay is never taken for less
