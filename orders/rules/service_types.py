"""What each type of service needs: one table for the order form, the API and what is sent to the provider. Pure.

A type is a row here; orders/placing/validation.py reads what a customer entered by it. The names are those of the
published document, and what real providers take beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_UNITS = 10**9
MOST_RUNS = 1000
MOST_MINUTES = 30 * 24 * 60


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
    """A parameter of `add`. `needs` names the ability a service must have for it to be offered.

    `choices` are values with people's words for them; `least` and `most` bound a count. With `when` it belongs to the
    order only where that other field has that value, and is then required.
    """

    name: str
    label: str
    shape: Shape
    is_required: bool = True
    needs: str = ""
    help: str = ""
    choices: Sequence[tuple[str, str]] = ()
    least: int = 1
    most: int = MOST_UNITS
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
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
    most=MOST_RUNS,
)
INTERVAL = Field("interval", "Interval in minutes", Shape.COUNT, is_required=False, needs="dripfeed", most=MOST_MINUTES)
COMMENTS = Field("comments", "Comments, one a line", Shape.LINES)
USERNAMES = Field("usernames", "Usernames, one a line", Shape.LINES)
USERNAME = Field("username", "Username", Shape.NAME)
COMMENT_OWNER = Field("username", "Username", Shape.NAME, help="Who wrote the comment.")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("Default", (LINK, QUANTITY, RUNS, INTERVAL), counts="quantity"),
        Kind("Package", (LINK,), counts=""),
        Kind("SEO", (LINK, QUANTITY, Field("keywords", "Keywords, one a line", Shape.LINES)), counts="quantity"),
        Kind("Custom Comments", (LINK, COMMENTS), counts="comments"),
        Kind("Custom Comments Package", (LINK, COMMENTS), counts=""),
        Kind("Mentions", (LINK, QUANTITY, USERNAMES), counts="quantity"),
        Kind(
            "Mentions with Hashtags",
            (LINK, QUANTITY, USERNAMES, Field("hashtags", "Hashtags, one a line", Shape.LINES)),
            counts="quantity",
        ),
        Kind("Mentions Custom List", (LINK, USERNAMES), counts="usernames"),
        Kind(
            "Mentions Hashtag",
            (LINK, QUANTITY, Field("hashtag", "Hashtag", Shape.NAME, help="Its users are mentioned.")),
            counts="quantity",
        ),
        Kind(
            "Mentions User Followers",
            (LINK, QUANTITY, Field("username", "Username", Shape.NAME, help="Whose followers are mentioned.")),
            counts="quantity",
        ),
        Kind(
            "Mentions Media Likers",
            (LINK, QUANTITY, Field("media", "Link to the post", Shape.LINK, help="Who likes it is mentioned.")),
            counts="quantity",
        ),
        Kind("Comment Likes", (LINK, QUANTITY, COMMENT_OWNER), counts="quantity"),
        Kind("Comment Replies", (LINK, COMMENT_OWNER, COMMENTS), counts="comments"),
        Kind(
            "Poll",
            (LINK, QUANTITY, Field("answer_number", "Number of the answer", Shape.COUNT, help="The first is 1.")),
            counts="quantity",
        ),
        Kind(
            "Invites from Groups",
            (LINK, QUANTITY, Field("groups", "Groups, one a line", Shape.LINES)),
            counts="quantity",
        ),
        Kind(
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
                    least=0,
                    most=MOST_MINUTES,
                    help="After a post appears; 0 for none.",
                ),
                Field(
                    "old_posts", "Old posts", Shape.COUNT, is_required=False, least=0, help="Served besides, at once."
                ),
                Field("expiry", "Ends on", Shape.DATE, is_required=False, help="Posts after that day are not served."),
            ),
            counts="posts",
        ),
        Kind(
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
