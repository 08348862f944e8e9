"""What a customer wants, from the params they gave: every field judged by the table of kinds. Pure.

The one place where an order's params are read, for the form, the API and the commands.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from orders.rules.service_types import MAX_UNITS, Field, ServiceType, Shape

LONGEST_DRIP_FEED = 366 * 24 * 60
"""Minutes from the first run to the last."""
LONGEST_LINK = 2000
LONGEST_NAME = 200
LONGEST_TEXT = 100_000
MOST_LINES = 10_000
INCORRECT = "Incorrect request"

_WHOLE = re.compile(r"[0-9]{1,10}", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DAY = {"%d/%m/%Y": re.compile(r"[0-9]{2}/[0-9]{2}/[0-9]{4}"), "%Y-%m-%d": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")}
"""As the protocol writes a day, and as browsers do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field: `text` for people, `word` as the protocol says it."""

    field: str
    text: str
    word: str = INCORRECT


class BadOrderError(Exception):
    """The order cannot be taken as it was written; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.text for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class OrderLimits:
    """What a service allows: the least and the most units of a run, and whether it can be drip-fed."""

    service_type: ServiceType
    min: int
    max: int
    dripfeed: bool

    @property
    def fields(self) -> list[Field]:
        """The fields a customer may fill."""
        return [field for field in self.service_type.fields if field.needs != "dripfeed" or self.dripfeed]


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it was understood: `quantity` is what is charged for, `fields` is what the provider is sent."""

    link: str
    quantity: int
    fields: Mapping[str, str]


def validate_order(*, limits: OrderLimits, params: Mapping[str, str]) -> OrderRequest:
    """What the customer wants. Raises BadOrderError with every problem found; unknown params are ignored."""
    problems: list[Problem] = []
    values: dict[str, str] = {}
    for field in limits.fields:
        if field.when is not None and values.get(field.when[0]) != field.when[1]:
            continue
        try:
            text = _read_field(field, params.get(field.name, ""))
        except _FieldError as error:
            problems.append(error.problem)
        else:
            if text:
                values[field.name] = text
    units = 1
    if not problems:
        try:
            units = _count_units(limits, values)
        except _FieldError as error:
            problems.append(error.problem)
    elif not {problem.field for problem in problems} & _counted_by(limits.service_type):
        problems += _problems_of_count(limits, values)
    if problems:
        raise BadOrderError(problems)
    return OrderRequest(link=values.get("link", ""), quantity=units, fields=values)


def read_units(*, limits: OrderLimits, params: Mapping[str, str]) -> int | None:
    """The units these params would be charged for, whatever is wrong elsewhere; None where they cannot be counted."""
    values, counted = {}, _counted_by(limits.service_type)
    try:
        for field in limits.fields:
            if field.name in counted and (text := _read_field(field, params.get(field.name, ""))):
                values[field.name] = text
        return _count_units(limits, values)
    except _FieldError:
        return None


def asks_the_same(*, limits: OrderLimits, params: Mapping[str, str], fields: Mapping[str, str]) -> bool:
    """Whether these params ask for what was ordered with `fields`, each value compared as it would be understood now.

    Values that could not be ordered any more, such as a day that has passed, are compared as they were written.
    """
    for field in limits.fields:
        if field.when is not None and fields.get(field.when[0]) != field.when[1]:
            continue
        given = params.get(field.name, "").strip()
        with suppress(_FieldError):
            given = _read_field(field, given)
        if given != fields.get(field.name, ""):
            return False
    return True


class _FieldError(Exception):
    def __init__(self, field: str, text: str, word: str = INCORRECT) -> None:
        super().__init__(text)
        self.problem = Problem(field, text, word)


def _error(field: Field, message: str, **values: object) -> _FieldError:
    word = "Bad link" if field.name == "link" else INCORRECT
    return _FieldError(field.name, message % {"field": _(field.label), **values}, word)


def _read_field(field: Field, raw: str) -> str:
    text = raw.strip()
    if not text:
        if field.is_required:
            raise _error(field, _("%(field)s is required."))
        return ""
    match field.shape:
        case Shape.LINK:
            return _read_link(field, text)
        case Shape.COUNT:
            return _read_count(field, text)
        case Shape.LINES:
            return _read_lines(field, text)
        case Shape.NAME:
            return _read_name(field, text)
        case Shape.TEXT:
            return _read_text(field, text)
        case Shape.CHOICE:
            return _read_choice(field, text)
        case Shape.COUNTRY:
            return _read_country(field, text)
        case Shape.DATE:
            return _read_date(field, text)


def _read_link(field: Field, text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    is_url = parts.scheme in {"http", "https"} and "." in (parts.hostname or "")
    is_clean = len(text) <= LONGEST_LINK and text.isprintable() and not re.search(r"[\s<>\"]", text)
    if not (is_url and is_clean and all(c.isascii() or c.isalnum() for c in text)):
        raise _error(field, _("%(field)s: enter a full link, for example https://instagram.com/name."))
    return text


def _read_count(field: Field, text: str) -> str:
    if not _WHOLE.fullmatch(text) or not field.minimum <= int(text) <= MAX_UNITS:
        raise _error(field, _("%(field)s: enter a whole number of at least %(min)s."), min=field.minimum)
    if int(text) > field.maximum:
        raise _error(field, _("%(field)s: the maximum is %(max)s."), max=f"{field.maximum:,}")
    return str(int(text))


def _read_lines(field: Field, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise _error(field, _("The text is too long. The maximum is %(max)s characters."), max=f"{LONGEST_TEXT:,}")
    lines = [line for part in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if (line := part.strip())]
    if len(lines) > MOST_LINES:
        raise _error(field, _("Too many lines. The maximum is %(max)s."), max=f"{MOST_LINES:,}")
    if any(_CONTROL.search(line) for line in lines):
        raise _error(field, _("The text contains invisible characters. Remove them and try again."))
    return "\n".join(lines)


def _read_name(field: Field, text: str) -> str:
    if len(text) > LONGEST_NAME or re.search(r"[\s<>\"]", text) or not text.isprintable():
        raise _error(field, _("%(field)s: enter one word, without spaces, quotation marks, < or >."))
    return text


def _read_text(field: Field, text: str) -> str:
    if len(text) > LONGEST_NAME or re.search(r"[<>]", text) or not text.isprintable():
        raise _error(field, _("%(field)s: enter up to %(max)s characters on one line, no < or >."), max=LONGEST_NAME)
    return text


def _read_choice(field: Field, text: str) -> str:
    if text not in dict(field.choices):
        choices = ", ".join(f"{value} ({_(label)})" for value, label in field.choices)
        raise _error(field, _("%(field)s: enter one of %(choices)s."), choices=choices)
    return text


def _read_country(field: Field, text: str) -> str:
    if not _COUNTRY.fullmatch(text):
        raise _error(field, _("%(field)s: enter a two-letter code, for example US."))
    return text.upper()


def _read_date(field: Field, text: str) -> str:
    day = _day(text)
    if day is None:
        raise _error(field, _("%(field)s: enter a date, for example 31/12/2030."))
    if day <= datetime.now(UTC).date():
        raise _error(field, _("%(field)s: enter a date in the future."))
    return f"{day:%d/%m/%Y}"


def _day(text: str) -> date | None:
    for form, pattern in _DAY.items():
        if pattern.fullmatch(text):
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).date()
            except ValueError:
                return None
    return None


def _counted_by(service_type: ServiceType) -> set[str]:
    """The fields that say how many units there are."""
    if service_type.is_subscription:
        return {"min", "max", "posts", "old_posts"}
    return {service_type.counts, "runs", "interval"}


def _problems_of_count(limits: OrderLimits, values: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the number, reported beside what is wrong elsewhere."""
    try:
        _count_units(limits, values)
    except _FieldError as error:
        return [error.problem]
    return []


def _count_units(limits: OrderLimits, values: Mapping[str, str]) -> int:
    """The units that are charged for."""
    counts = limits.service_type.counts
    if limits.service_type.is_per_package:
        return 1
    if limits.service_type.is_subscription:
        return _count_posts(limits, values)
    units_per_run = int(values[counts]) if counts == "quantity" else values[counts].count("\n") + 1
    _check_size(limits, counts, units_per_run, is_lines=counts != "quantity")
    if ("runs" in values) != ("interval" in values):
        missing = "interval" if "runs" in values else "runs"
        raise _FieldError(missing, _("For drip-feed, enter both the runs and the interval."))
    runs, interval = int(values.get("runs", "1")), int(values.get("interval", "0"))
    if runs * interval > LONGEST_DRIP_FEED:
        raise _FieldError("interval", _("A drip-feed can last up to a year. Enter fewer runs or a shorter interval."))
    return _checked_sum(limits, "runs", units_per_run * runs)


def _count_posts(limits: OrderLimits, values: Mapping[str, str]) -> int:
    minimum, maximum = int(values["min"]), int(values["max"])
    _check_size(limits, "min", minimum)
    _check_size(limits, "max", maximum)
    if minimum > maximum:
        raise _FieldError("max", _("The maximum per post can't be below the minimum."))
    return _checked_sum(limits, "posts", maximum * (int(values["posts"]) + int(values.get("old_posts", "0"))))


def _check_size(limits: OrderLimits, field: str, units: int, *, is_lines: bool = False) -> None:
    if limits.min <= units <= limits.max:
        return
    numbers = {"min": f"{limits.min:,}", "max": f"{limits.max:,}", "count": f"{units:,}"}
    if units < limits.min:
        word = f"Quantity less than minimal {limits.min}"
        lines, quantity = _("Enter at least %(min)s lines, not %(count)s."), _("The minimum quantity is %(min)s.")
    else:
        word = f"Quantity more than maximum {limits.max}"
        lines, quantity = _("Enter up to %(max)s lines, not %(count)s."), _("The maximum quantity is %(max)s.")
    raise _FieldError(field, (lines if is_lines else quantity) % numbers, word)


def _checked_sum(limits: OrderLimits, field: str, units: int) -> int:
    if units > MAX_UNITS:
        message = _("The total can't be above %(max)s units.") % {"max": f"{MAX_UNITS:,}"}
        raise _FieldError(field, message, f"Quantity more than maximum {limits.max}")
    return units
