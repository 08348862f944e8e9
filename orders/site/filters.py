"""Reads the filters in the URL of a list. An invalid one is a problem, and the list shows nothing.

Ignoring it would show rows that nobody asked for. Called by the views of lists.
"""

from collections.abc import Collection

from django.http import QueryDict
from django.utils.translation import gettext as _

from orders.site.service_picker import read_id

MAX_SHOWN_LENGTH = 20


def read_choice(query: QueryDict, name: str, *, of: Collection[str], label: str, problems: list[str]) -> str:
    """The selected value, or "" where none is."""
    text = query.get(name, "")
    if not text or text in of:
        return text
    problems.append(_invalid_filter(label, text))
    return ""


def read_number(query: QueryDict, name: str, *, label: str, problems: list[str]) -> int | None:
    """The selected id, or None where nothing is selected."""
    text = query.get(name, "").strip()
    if not text:
        return None
    number = read_id(text)
    if number is None:
        problems.append(_invalid_filter(label, text))
    return number


def _invalid_filter(label: str, text: str) -> str:
    message = _("The filter “%(filter)s” has no value “%(value)s”. Change or clear the filter.")
    return message % {"filter": label, "value": text[:MAX_SHOWN_LENGTH]}
