"""What each type of service needs: one table for the order form, the API and what is sent to the provider. Pure.

A type is a row here; orders/placing/validation.py reads what a customer entered by it. The names are those of the
published document, and what real providers take beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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
    ("1", "Desktop"),
    ("2", "Mobile, Android"),
    ("3", "Mobile, iOS"),
    ("4", "Mobile, all"),
    ("5", "Mobile and desktop"),
)
TRAFFIC = (("1", "From a Google search"), ("2", "From another page"), ("3", "Direct"))

LINK = Field("link", "Link", Shape.LINK, help="The address of the page or post, with https://")
QUANTITY = Field("quantity", "Quantity", Shape.COUNT)
RUNS = Field(
    "runs",
    "Runs",
    Shape.COUNT,
    is_required=False,
    needs="dripfeed",
    help="How many times it is delivered.",
    maximum=MAX_RUNS,
)
INTERVAL = Field(
    "interval", "Interval in minutes", Shape.COUNT, is_required=False, needs="dripfeed", maximum=MAX_MINUTES
)
COMMENTS = Field("comments", "Comments, one a line", Shape.LINES)
USERNAMES = Field("usernames", "Usernames, one a line", Shape.LINES)
USERNAME = Field("username", "Username", Shape.NAME)
COMMENT_OWNER = Field("username", "Username", Shape.NAME, help="Who wrote the comment.")

SERVICE_TYPES: dict[str, ServiceType] = {
    row.name: row
    for row in (
        ServiceType("Default", (LINK, QUANTITY, RUNS, INTERVAL), counts="quantity"),
        ServiceType("Package", (LINK,), counts=""),
        ServiceType("SEO", (LINK, QUANTITY, Field("keywords", "Keywords, one a line", Shape.LINES)), counts="quantity"),
        ServiceType("Custom Comments", (LINK, COMMENTS), counts="comments"),
        ServiceType("Custom Comments Package", (LINK, COMMENTS), counts=""),
        ServiceType("Mentions", (LINK, QUANTITY, USERNAMES), counts="quantity"),
        ServiceType(
            "Mentions with Hashtags",
            (LINK, QUANTITY, USERNAMES, Field("hashtags", "Hashtags, one a line", Shape.LINES)),
            counts="quantity",
        ),
        ServiceType("Mentions Custom List", (LINK, USERNAMES), counts="usernames"),
        ServiceType(
            "Mentions Hashtag",
            (LINK, QUANTITY, Field("hashtag", "Hashtag", Shape.NAME, help="Its users are mentioned.")),
            counts="quantity",
        ),
        ServiceType(
            "Mentions User Followers",
            (LINK, QUANTITY, Field("username", "Username", Shape.NAME, help="Whose followers are mentioned.")),
            counts="quantity",
        ),
        ServiceType(
            "Mentions Media Likers",
            (LINK, QUANTITY, Field("media", "Link to the post", Shape.LINK, help="Who likes it is mentioned.")),
            counts="quantity",
        ),
        ServiceType("Comment Likes", (LINK, QUANTITY, COMMENT_OWNER), counts="quantity"),
        ServiceType("Comment Replies", (LINK, COMMENT_OWNER, COMMENTS), counts="comments"),
        ServiceType(
            "Poll",
            (LINK, QUANTITY, Field("answer_number", "Number of the answer", Shape.COUNT, help="The first is 1.")),
            counts="quantity",
        ),
        ServiceType(
            "Invites from Groups",
            (LINK, QUANTITY, Field("groups", "Groups, one a line", Shape.LINES)),
            counts="quantity",
        ),
        ServiceType(
            "Subscriptions",
            (
                USERNAME,
                Field("min", "Least for a post", Shape.COUNT),
                Field("max", "Most for a post", Shape.COUNT),
                Field("posts", "New posts", Shape.COUNT, help="How many are served before it ends."),
                Field(
                    "delay",
                    "Delay in minutes",
                    Shape.COUNT,
                    minimum=0,
                    maximum=MAX_MINUTES,
                    help="After a post appears; 0 for none.",
                ),
                Field(
                    "old_posts", "Old posts", Shape.COUNT, is_required=False, minimum=0, help="Served besides, at once."
                ),
                Field("expiry", "Ends on", Shape.DATE, is_required=False, help="Posts after that day are not served."),
            ),
            counts="posts",
        ),
        ServiceType(
            "Web Traffic",
            (
                LINK,
                QUANTITY,
                Field(
                    "country", "Country", Shape.COUNTRY, help="Its code of two letters, such as US; WW for anywhere."
                ),
                Field("device", "Device", Shape.CHOICE, choices=DEVICES),
                Field("type_of_traffic", "Where visitors come from", Shape.CHOICE, choices=TRAFFIC),
                Field(
                    "google_keyword",
                    "Words searched for",
                    Shape.TEXT,
                    help="Only for visitors from a Google search.",
                    when=("type_of_traffic", "1"),
                ),
                Field(
                    "referring_url",
                    "Page they come from",
                    Shape.LINK,
                    help="Only for visitors from another page.",
                    when=("type_of_traffic", "2"),
                ),
                RUNS,
                INTERVAL,
            ),
            counts="quantity",
        ),
    )
}
