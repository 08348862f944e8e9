"""The fields of each service type: one table for the order form, the API and what is sent to the provider. Pure.

A type is a row here; orders/placing/validation.py reads what a customer entered by it. The names are those of the
published document, and what real providers take beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _

MAX_UNITS = 10**9
MAX_RUNS = 1000
MAX_MINUTES = 30 * 24 * 60


class Shape(StrEnum):
    """How a field is written."""

    LINK = "link"
    COUNT = "count"
    LINES = "lines"
    NAME = "name"
    TEXT = "text"
    CHOICE = "choice"
    COUNTRY = "country"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of the API's `add` action and a field of the order form.

    `needs` names the ability a service must have for the field to be offered. `choices` are values with their labels.
    `minimum` and `maximum` bound a count. With `when`, the field belongs to the order only where that other field has
    that value, and is then required.
    """

    name: str
    label: str
    shape: Shape
    is_required: bool = True
    needs: str = ""
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()
    minimum: int = 1
    maximum: int = MAX_UNITS
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ServiceType:
    """A type of service. `counts` names the field that says how many units are charged; empty: one package.

    For "posts" they are max x posts, old ones too, held in advance.
    """

    name: str
    fields: Sequence[Field]
    counts: str

    @property
    def is_per_package(self) -> bool:
        return self.counts == ""

    @property
    def is_subscription(self) -> bool:
        return self.counts == "posts"


DEVICES = (
    ("1", _("Desktop")),
    ("2", _("Mobile (Android)")),
    ("3", _("Mobile (iOS)")),
    ("4", _("Mobile (all)")),
    ("5", _("Desktop and mobile")),
)
TRAFFIC = (("1", _("Google search")), ("2", _("Referral")), ("3", _("Direct")))

LINK = Field("link", _("Link"), Shape.LINK, help=_("Paste the full link, for example https://instagram.com/name."))
QUANTITY = Field("quantity", _("Quantity"), Shape.COUNT)
RUNS = Field(
    "runs",
    _("Runs"),
    Shape.COUNT,
    is_required=False,
    needs="dripfeed",
    help=_("Number of times the quantity is delivered."),
    maximum=MAX_RUNS,
)
INTERVAL = Field(
    "interval", _("Interval (minutes)"), Shape.COUNT, is_required=False, needs="dripfeed", maximum=MAX_MINUTES
)
COMMENTS = Field("comments", _("Comments (one per line)"), Shape.LINES)
USERNAMES = Field("usernames", _("Usernames (one per line)"), Shape.LINES)
USERNAME = Field("username", _("Username"), Shape.NAME)
COMMENT_OWNER = Field("username", _("Username"), Shape.NAME, help=_("The author of the comment."))

SERVICE_TYPES: dict[str, ServiceType] = {
    row.name: row
    for row in (
        ServiceType("Default", (LINK, QUANTITY, RUNS, INTERVAL), counts="quantity"),
        ServiceType("Package", (LINK,), counts=""),
        ServiceType(
            "SEO", (LINK, QUANTITY, Field("keywords", _("Keywords (one per line)"), Shape.LINES)), counts="quantity"
        ),
        ServiceType("Custom Comments", (LINK, COMMENTS), counts="comments"),
        ServiceType("Custom Comments Package", (LINK, COMMENTS), counts=""),
        ServiceType("Mentions", (LINK, QUANTITY, USERNAMES), counts="quantity"),
        ServiceType(
            "Mentions with Hashtags",
            (LINK, QUANTITY, USERNAMES, Field("hashtags", _("Hashtags (one per line)"), Shape.LINES)),
            counts="quantity",
        ),
        ServiceType("Mentions Custom List", (LINK, USERNAMES), counts="usernames"),
        ServiceType(
            "Mentions Hashtag",
            (
                LINK,
                QUANTITY,
                Field("hashtag", _("Hashtag"), Shape.NAME, help=_("Users of this hashtag are mentioned.")),
            ),
            counts="quantity",
        ),
        ServiceType(
            "Mentions User Followers",
            (
                LINK,
                QUANTITY,
                Field("username", _("Username"), Shape.NAME, help=_("Followers of this account are mentioned.")),
            ),
            counts="quantity",
        ),
        ServiceType(
            "Mentions Media Likers",
            (
                LINK,
                QUANTITY,
                Field("media", _("Media link"), Shape.LINK, help=_("Users who liked this post are mentioned.")),
            ),
            counts="quantity",
        ),
        ServiceType("Comment Likes", (LINK, QUANTITY, COMMENT_OWNER), counts="quantity"),
        ServiceType("Comment Replies", (LINK, COMMENT_OWNER, COMMENTS), counts="comments"),
        ServiceType(
            "Poll",
            (LINK, QUANTITY, Field("answer_number", _("Answer number"), Shape.COUNT, help=_("1 is the first answer."))),
            counts="quantity",
        ),
        ServiceType(
            "Invites from Groups",
            (LINK, QUANTITY, Field("groups", _("Groups (one per line)"), Shape.LINES)),
            counts="quantity",
        ),
        ServiceType(
            "Subscriptions",
            (
                USERNAME,
                Field("min", _("Minimum per post"), Shape.COUNT),
                Field("max", _("Maximum per post"), Shape.COUNT),
                Field("posts", _("New posts"), Shape.COUNT, help=_("Number of future posts to cover.")),
                Field(
                    "delay",
                    _("Delay (minutes)"),
                    Shape.COUNT,
                    minimum=0,
                    maximum=MAX_MINUTES,
                    help=_("Time to wait after each new post. 0 for no delay."),
                ),
                Field(
                    "old_posts",
                    _("Old posts"),
                    Shape.COUNT,
                    is_required=False,
                    minimum=0,
                    help=_("Number of existing posts to cover right away."),
                ),
                Field(
                    "expiry",
                    _("Expiry date"),
                    Shape.DATE,
                    is_required=False,
                    help=_("Posts after this date aren't covered."),
                ),
            ),
            counts="posts",
        ),
        ServiceType(
            "Web Traffic",
            (
                LINK,
                QUANTITY,
                Field(
                    "country",
                    _("Country"),
                    Shape.COUNTRY,
                    help=_("Two-letter country code, for example US. WW for worldwide."),
                ),
                Field("device", _("Device"), Shape.CHOICE, choices=DEVICES),
                Field("type_of_traffic", _("Traffic source"), Shape.CHOICE, choices=TRAFFIC),
                Field(
                    "google_keyword",
                    _("Google keyword"),
                    Shape.TEXT,
                    help=_("Only for traffic from a Google search."),
                    when=("type_of_traffic", "1"),
                ),
                Field(
                    "referring_url",
                    _("Referring URL"),
                    Shape.LINK,
                    help=_("Only for referral traffic."),
                    when=("type_of_traffic", "2"),
                ),
                RUNS,
                INTERVAL,
            ),
            counts="quantity",
        ),
    )
}
