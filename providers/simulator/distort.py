"""Answers in whole JSON that yet differ from the document. Faults of single ids hit the first half of a batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Entry = dict[str, Any]
ODD_RATES = ("0", "100000000000", "-1", "NaN", "1e3", "")


def distort(fault: str, *, action: str, said: Any, asked: Sequence[str]) -> Any:
    """`said`, as this fault has it. A whole error of the honest answer stays as it is."""
    if action == "services":
        return _SERVICES[fault](said)
    if action == "balance":
        return _VALUES[fault](said)
    if isinstance(said, dict) and "error" in said:
        return said
    if action == "status":
        return _status(fault, said, asked)
    return _many(fault, action, said)


def _status(fault: str, said: Entry, asked: Sequence[str]) -> Any:
    is_single = "status" in said and not isinstance(said["status"], dict)
    entries: dict[str, Any] = {asked[0]: said} if is_single else said
    hit = list(entries)[: (len(entries) + 1) // 2]
    if fault == "missing_ids":
        changed: Any = {} if is_single else {key: entry for key, entry in entries.items() if key not in hit}
    elif fault == "error_entries":
        changed = {key: {"error": "Incorrect order ID"} if key in hit else entry for key, entry in entries.items()}
    elif fault == "bare_strings":
        changed = {key: "Incorrect order ID" if key in hit else entry for key, entry in entries.items()}
    elif fault == "array_shape":
        return [{"order": int(key) if key.isdigit() else key, **entry} for key, entry in entries.items()]
    else:
        alter = _VALUES[fault]
        changed = {key: entry if "error" in entry else alter(entry) for key, entry in entries.items()}
    return changed.get(asked[0], {}) if is_single else changed


def _many(fault: str, action: str, said: Any) -> Any:
    """Faults of refill, refill_status and cancel: one answer, or an array with an entry for each id."""
    answer_key = "status" if action == "refill_status" else action
    is_single = isinstance(said, dict)
    entries: list[Entry] = [said] if is_single else said
    asked = "refill" if action == "refill_status" else "order"
    error = {"error": "Refill not found" if action == "refill_status" else "Incorrect order ID"}
    hit = (len(entries) + 1) // 2
    changed: Any
    if fault == "missing_ids":
        changed = [{}] if is_single else entries[hit:]
    elif fault == "error_entries":
        changed = [{**entry, answer_key: error} if place < hit else entry for place, entry in enumerate(entries)]
    elif fault == "bare_strings":
        changed = [
            {**entry, answer_key: error["error"]} if place < hit else entry for place, entry in enumerate(entries)
        ]
    elif fault == "unknown_word":
        changed = [{**entry, answer_key: "Teleporting"} for entry in entries]
    else:  # object_shape
        changed = [said] if is_single else {str(entry[asked]): {answer_key: entry[answer_key]} for entry in entries}
    return changed[0] if is_single else changed


def _set(**values: Any) -> Callable[[Entry], Entry]:
    return lambda entry: {**entry, **values}


def _as_numbers(entry: Entry) -> Entry:
    return {name: _number(value) if name in _NUMERIC else value for name, value in entry.items()}


def _number(value: Any) -> Any:
    try:
        return float(value) if "." in str(value) else int(value)
    except (TypeError, ValueError):
        return value


def _as_texts(entry: Entry) -> Entry:
    return {name: str(value) if name in _NUMERIC and value is not None else value for name, value in entry.items()}


def _other_currency(entry: Entry) -> Entry:
    return {**entry, "currency": "INR" if entry.get("currency") != "INR" else "USD"}


def _over_quantity(entry: Entry) -> Entry:
    return {**entry, "remains": "1000000000"}


_NUMERIC = ("charge", "start_count", "remains", "balance", "rate", "min", "max", "runs")
_VALUES: Mapping[str, Callable[[Entry], Entry]] = {
    "null_remains": _set(remains=None),
    "empty_remains": _set(remains=""),
    "unknown_remains": _set(remains="Unknown"),
    "negative_remains": _set(remains="-7"),
    "remains_over_quantity": _over_quantity,
    "unknown_word": _set(status="Teleporting"),
    "number_word": _set(status=1),
    "weak_charge": _set(charge="0"),
    "null_charge": _set(charge=None),
    "null_start_count": _set(start_count=None),
    "text_numbers": _as_texts,
    "json_numbers": _as_numbers,
    "wrong_currency": _other_currency,
}


def _doubled(rows: list[Entry]) -> list[Entry]:
    return [*rows, *({**row, "name": f"{row['name']} (again)"} for row in rows[:1])]


def _upside_down(rows: list[Entry]) -> list[Entry]:
    return [{**row, "min": str(int(row["max"]) + 1)} if place == 0 else row for place, row in enumerate(rows)]


def _oddly_priced(rows: list[Entry]) -> list[Entry]:
    odd = ODD_RATES[: len(rows)]
    return [{**row, "rate": rate} for row, rate in zip(rows, odd, strict=False)] + rows[len(odd) :]


def _in_html(rows: list[Entry]) -> list[Entry]:
    return [{**row, "name": f"<b onclick=alert(1)>{row['name']}</b> &amp; <script>alert(2)</script>"} for row in rows]


_SERVICES: Mapping[str, Callable[[list[Entry]], Any]] = {
    "tiny": lambda rows: rows[:1],
    "duplicate_ids": _doubled,
    "min_over_max": _upside_down,
    "json_numbers": lambda rows: [_as_numbers(row) for row in rows],
    "odd_rates": _oddly_priced,
    "html_names": _in_html,
    "single_object": lambda rows: rows[0] if rows else {},
    "own_currency": lambda rows: [{**row, "currency": "usd"} for row in rows],
    "wrong_currency": lambda rows: [*rows[:-1], *(_other_currency(row) for row in rows[-1:])],
}
