"""Reads the parameters of an API call from a form or a JSON object; an invalid call raises ApiError. Pure.

The values "", "undefined" and "null" count as missing, since real clients send them for missing parameters.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

INCORRECT = "Incorrect request"
ABSENT = frozenset({"", "undefined", "null"})
MAX_IDS = 100
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


class ApiError(Exception):
    """The call is refused: the text is the `error` of the answer, as the protocol or the panel words it."""

    def __init__(self, text: str, *, status: int = 200) -> None:
        super().__init__(text)
        self.status = status


Params = Mapping[str, str]


def form_params(form: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a form; of several with the same name the last one counts."""
    return {name: value for name, value in form.items() if value.strip() not in ABSENT}


def json_params(body: bytes) -> dict[str, str]:
    """The parameters of a JSON object: texts, numbers and booleans, nothing nested."""
    try:
        data = json.loads(body.decode(), parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ApiError(INCORRECT) from None
    if not isinstance(data, dict):
        raise ApiError(INCORRECT)
    params = {name: _text(value) for name, value in data.items() if value is not None}
    return form_params(params)


def read_id(params: Params, name: str) -> int | None:
    """The id under that name, or None where the text is no valid id."""
    return _id(params.get(name, ""))


def read_ids(params: Params, name: str) -> dict[str, int | None]:
    """The ids of a comma-separated list, each once: the text as it was sent, without spaces, with its number.

    Raises ApiError for more than 100.
    """
    texts = list(dict.fromkeys(part.strip() for part in params[name].split(",") if part.strip()))
    if len(texts) > MAX_IDS:
        raise ApiError(f"Too many IDs: {len(texts):,}. The maximum is {MAX_IDS}.")
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
    raise ValueError(f"{name} is not a JSON number.")
