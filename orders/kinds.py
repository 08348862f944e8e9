"""What each type of service needs: one table for the order form, the API and what is sent to the provider. Pure.

A type is a row here; `read_wanted` turns the words a customer gave into what is charged for and what is sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

MOST_UNITS = 10**9
LONGEST_TEXT = 100_000
_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Shape(StrEnum):
    """How a field is written."""

    LINK = "link"
    COUNT = "count"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of `add`. `needs` names the ability a service must have for it to be offered."""

    name: str
    label: str
    shape: Shape
    is_required: bool = True
    needs: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of service. `counts` names the field that says how many units are charged; empty: one package."""

    name: str
    fields: Sequence[Field]
    counts: str

    @property
    def is_per_package(self) -> bool:
        return self.counts == ""


LINK = Field("link", "Link", Shape.LINK, help="The address of the page or post, with https://")
QUANTITY = Field("quantity", "Quantity", Shape.COUNT)
RUNS = Field("runs", "Runs", Shape.COUNT, is_required=False, needs="dripfeed", help="How many times it is delivered.")
INTERVAL = Field("interval", "Interval in minutes", Shape.COUNT, is_required=False, needs="dripfeed")
COMMENTS = Field("comments", "Comments, one a line", Shape.LINES)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("Default", (LINK, QUANTITY, RUNS, INTERVAL), counts="quantity"),
        Kind("Package", (LINK,), counts=""),
        Kind("Custom Comments", (LINK, COMMENTS), counts="comments"),
    )
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: `text` for people, `word` as the protocol says it."""

    field: str
    text: str
    word: str = "Incorrect request"


class BadOrderError(Exception):
    """The order cannot be taken as it was written; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a service allows: the least and the most units of a run, and whether it can be drip-fed."""

    kind: Kind
    min: int
    max: int
    dripfeed: bool

    @property
    def fields(self) -> list[Field]:
        """The fields a customer may fill."""
        return [field for field in self.kind.fields if field.needs != "dripfeed" or self.dripfeed]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as it was understood: `quantity` is what is charged for, `fields` is what the provider is sent."""

    link: str
    quantity: int
    fields: Mapping[str, str]


def read_wanted(*, offer: Offer, words: Mapping[str, str]) -> Wanted:
    """What the customer wants. Raises BadOrderError with every problem found; unknown words are ignored."""
    problems: list[Problem] = []
    values: dict[str, str] = {}
    for field in offer.fields:
        try:
            text = _read_field(field, words.get(field.name, ""))
        except _FieldError as error:
            problems.append(error.problem)
        else:
            if text:
                values[field.name] = text
    units, found = _count_units(offer, values, {problem.field for problem in problems})
    problems += found
    if problems:
        raise BadOrderError(problems)
    return Wanted(link=values.get("link", ""), quantity=units, fields=values)


class _FieldError(Exception):
    def __init__(self, field: Field, text: str, word: str = "Incorrect request") -> None:
        super().__init__(text)
        self.problem = Problem(field.name, text, word)


def _read_field(field: Field, raw: str) -> str:
    text = raw.strip()
    if not text:
        if field.is_required:
            raise _FieldError(
                field,
                f"Please fill in: {field.label}.",
                "Bad link" if field.shape == Shape.LINK else "Incorrect request",
            )
        return ""
    match field.shape:
        case Shape.LINK:
            return _read_link(field, text)
        case Shape.COUNT:
            return _read_count(field, text)
        case Shape.LINES:
            return _read_lines(field, text)


def _read_link(field: Field, text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    is_clean = len(text) <= 2000 and not _CONTROL.search(text) and not re.search(r"\s", text)
    if not is_clean or parts.scheme not in {"http", "https"} or "." not in (parts.hostname or ""):
        raise _FieldError(field, "This is not a link. It starts with https:// and names a page.", "Bad link")
    return text


def _read_count(field: Field, text: str) -> str:
    if not _WHOLE.fullmatch(text) or not 0 < int(text) <= MOST_UNITS:
        raise _FieldError(field, f"{field.label}: a whole number above zero, in digits.")
    return str(int(text))


def _read_lines(field: Field, text: str) -> str:
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    lines = [line for line in lines if line]
    if len(text) > LONGEST_TEXT:
        raise _FieldError(field, f"This text is too long: at most {LONGEST_TEXT:,} characters.")
    if any(_CONTROL.search(line) for line in lines):
        raise _FieldError(field, "There are invisible control characters in this text. Please type it anew.")
    return "\n".join(lines)


def _count_units(offer: Offer, values: Mapping[str, str], unread: set[str]) -> tuple[int, list[Problem]]:
    """The units charged for, and what is wrong with them; fields in `unread` have their problem already."""
    counts = offer.kind.counts
    if not counts:
        return 1, []
    if counts not in values:
        return 0, [] if counts in unread else [Problem(counts, "How many?")]
    a_run = values[counts].count("\n") + 1 if counts != "quantity" else int(values[counts])
    what = "comments" if counts == "comments" else "quantity"
    if a_run < offer.min:
        return 0, [
            Problem(
                counts,
                f"The least {what} here is {offer.min:,}; this is {a_run:,}.",
                f"Quantity less than minimal {offer.min}",
            )
        ]
    if a_run > offer.max:
        return 0, [
            Problem(
                counts,
                f"The most {what} here is {offer.max:,}; this is {a_run:,}.",
                f"Quantity more than maximum {offer.max}",
            )
        ]
    if ("runs" in values) != ("interval" in values) and not unread & {"runs", "interval"}:
        missing = "interval" if "runs" in values else "runs"
        return 0, [Problem(missing, "For drip-feed, give both the runs and the interval.")]
    units = a_run * int(values.get("runs", "1"))
    if units > MOST_UNITS:
        return 0, [
            Problem("runs", f"Altogether at most {MOST_UNITS:,} units.", f"Quantity more than maximum {offer.max}")
        ]
    return units, []
