"""The service types as this provider has them: what an order must carry, and for how many units it is charged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


class OrderError(Exception):
    """The order is refused; the text is the provider's answer."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`count` reads the units of one run; `limited` says whether the service's min and max apply to them."""

    needs: tuple[str, ...]
    count: Callable[[Mapping[str, str]], int]
    limited: bool = True
    per_package: bool = False
    takes_runs: bool = False


def lines(text: str) -> list[str]:
    """The lines of `text` that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def whole_number(text: str) -> int:
    """The number that `text` writes in at most ten plain digits. Raises OrderError for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise OrderError("Incorrect request")
    return int(text)


def _quantity(fields: Mapping[str, str]) -> int:
    return whole_number(fields.get("quantity", ""))


def _lines_of(name: str) -> Callable[[Mapping[str, str]], int]:
    return lambda fields: len(lines(fields.get(name, "")))


def _one(fields: Mapping[str, str]) -> int:
    return 1


def _posts(fields: Mapping[str, str]) -> int:
    low, high = whole_number(fields["min"]), whole_number(fields["max"])
    if not 0 < low <= high:
        raise OrderError("Incorrect request")
    return high * (whole_number(fields.get("posts") or "1") or 1)


KINDS = {
    "Default": Kind(("link",), _quantity, takes_runs=True),
    "Package": Kind(("link",), _one, limited=False, per_package=True),
    "SEO": Kind(("link", "keywords"), _quantity),
    "Custom Comments": Kind(("link", "comments"), _lines_of("comments")),
    "Custom Comments Package": Kind(("link", "comments"), _one, limited=False, per_package=True),
    "Mentions": Kind(("link", "usernames"), _quantity),
    "Mentions with Hashtags": Kind(("link", "usernames", "hashtags"), _quantity),
    "Mentions Custom List": Kind(("link", "usernames"), _lines_of("usernames")),
    "Mentions Hashtag": Kind(("link", "hashtag"), _quantity),
    "Mentions User Followers": Kind(("link", "username"), _quantity),
    "Mentions Media Likers": Kind(("link", "media"), _quantity),
    "Comment Likes": Kind(("link", "username"), _quantity),
    "Comment Replies": Kind(("link", "username", "comments"), _lines_of("comments")),
    "Poll": Kind(("link", "answer_number"), _quantity),
    "Invites from Groups": Kind(("link", "groups"), _quantity),
    "Subscriptions": Kind(("username", "min", "max", "delay"), _posts, limited=False),
    "Web Traffic": Kind(("link", "country", "device", "type_of_traffic"), _quantity, takes_runs=True),
}


def kind_of(word: str) -> Kind | None:
    """The kind that a service's type names, however it is spelt; None where there is none."""
    return _FOLDED.get(word.casefold().replace(" ", "").replace("_", ""))


def check_fields(kind: Kind, fields: Mapping[str, str]) -> None:
    """Raises OrderError where something that the kind needs is missing."""
    for name in kind.needs:
        if not fields.get(name, "").strip():
            raise OrderError("Bad link" if name == "link" else "Incorrect request")


_FOLDED = {name.casefold().replace(" ", ""): kind for name, kind in KINDS.items()}
