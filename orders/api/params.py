"""The parameters of a call, from whatever way they came. Pure; a call that makes no sense raises ApiError.

Taken are forms and JSON objects; "", "undefined" and "null" stand for a parameter that was not given, since real
clients send them so.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

INCORRECT = "Incorrect request"
ABSENT = frozenset({"", "undefined", "null"})
MOST_IDS = 100
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class ApiError(Exception):
    """The call is refused: the text is the `error` of the answer, as the protocol or the site words it."""

    def __init__(self, text: str, *, status: int = 200) -> None:
        super().__init__(text)
        self.status = status


Words = Mapping[str, str]


def form_words(form: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a form: the last of several with one name counts."""
    return {name: value for name, value in form.items() if value.strip() not in ABSENT}


def json_words(body: bytes) -> dict[str, str]:
    """The parameters of a JSON object: texts, numbers and switches, and nothing nested."""
    try:
        found = json.loads(body.decode(), parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ApiError(INCORRECT) from None
    if not isinstance(found, dict):
        raise ApiError(INCORRECT)
    words = {name: _text(value) for name, value in found.items() if value is not None}
    return form_words(words)


def read_id(words: Words, name: str) -> int | None:
    """The id given under that name, or None where it is none of ours."""
    return _id(words.get(name, ""))


def read_ids(words: Words, name: str) -> dict[str, int | None]:
    """The ids of a list separated by commas: each as it was written (without spaces), once, with its number.

    Raises ApiError for more than 100.
    """
    texts = list(dict.fromkeys(part.strip() for part in words[name].split(",") if part.strip()))
    if len(texts) > MOST_IDS:
        raise ApiError(f"At most {MOST_IDS} IDs in one call; these are {len(texts):,}.")
    return {text[:64]: _id(text) for text in texts}


def _id(text: str) -> int | None:
    return int(text) if _ID.fullmatch(text.strip()) else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int):
        return str(value)
    raise ApiError(INCORRECT)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON's.")
