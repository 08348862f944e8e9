"""The filters in a list's address, read without trust: one that cannot be read is a problem, and nothing is found.

Left out it would show what nobody asked for. Called by the readers of the lists' addresses.
"""

from collections.abc import Collection

from django.http import QueryDict
from django.utils.translation import gettext as _

from orders.site.service_picker import read_id

LONGEST_SHOWN = 20


def read_choice(query: QueryDict, name: str, *, of: Collection[str], label: str, problems: list[str]) -> str:
    """The value that is chosen, or "" where none is."""
    text = query.get(name, "")
    if not text or text in of:
        return text
    problems.append(_unreadable(label, text))
    return ""


def read_number(query: QueryDict, name: str, *, label: str, problems: list[str]) -> int | None:
    """The number of what is chosen, or None where nothing is."""
    text = query.get(name, "").strip()
    if not text:
        return None
    number = read_id(text)
    if number is None:
        problems.append(_unreadable(label, text))
    return number


def _unreadable(label: str, text: str) -> str:
    said = _("The filter “%(filter)s” does not have the value “%(value)s”, so nothing was found. Change or clear it.")
    return said % {"filter": label, "value": text[:LONGEST_SHOWN]}
