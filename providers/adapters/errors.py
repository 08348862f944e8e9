"""What an adapter may answer instead of a result. The class says what the caller may do now.

    AdapterError
    ├─ of `add`
    │   ├─ Refused         nothing was placed, the order or the service is wrong: give the money back
    │   ├─ NotPlaced       nothing was placed, it may be sent again later; `reason` says why
    │   └─ OutcomeUnknown  it may have been placed: never send again, never give back; evidence decides
    └─ of everything else
        └─ RetryLater      nothing was learnt; ask again later

No message holds the API key.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the provider answered, fit for keeping: never the key. Empty where no answer came."""

    http_status: int | None = None
    body_sha256: str = ""
    excerpt: str = ""
    """The first 500 characters of the body, cleaned of control characters."""


class AdapterError(Exception):
    """`text` is one line for people: the provider's own words where it gave some. `word` is for counting."""

    word = "error"

    def __init__(self, text: str, *, evidence: Evidence | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.evidence = evidence or Evidence()


class Refused(AdapterError):  # noqa: N818 (the words of the domain)
    """`code` is "order" (this order is wrong) or "service_gone" (the service is no longer sold there)."""

    word = "refused"

    def __init__(self, text: str, *, code: Literal["order", "service_gone"], evidence: Evidence | None = None) -> None:
        super().__init__(text, evidence=evidence)
        self.code = code


class NotPlaced(AdapterError):  # noqa: N818
    """`retry_after` is the provider's wish in seconds, where it gave one.

    `reason` "safe_mode" is the panel's own: it may send nothing, and the provider was not asked.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: Literal["not_connected", "funds", "key", "busy", "link_busy", "safe_mode"],
        retry_after: int | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.reason = reason
        self.word = reason
        self.retry_after = retry_after


class OutcomeUnknown(AdapterError):  # noqa: N818
    """`candidate` is an order id that the doubtful answer named, for a person to look at."""

    word = "unknown"

    def __init__(self, text: str, *, candidate: str = "", evidence: Evidence | None = None) -> None:
        super().__init__(text, evidence=evidence)
        self.candidate = candidate


class RetryLater(AdapterError):  # noqa: N818
    """`reason`: not connected, too busy, the key was refused, or the answer made no sense ("broken").

    `may_be_done` is False where what was asked for provably was not carried out; it matters to refills and cancels.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: Literal["not_connected", "busy", "key", "broken"],
        may_be_done: bool = True,
        retry_after: int | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        super().__init__(text, evidence=evidence)
        self.reason = reason
        self.word = reason
        self.may_be_done = may_be_done
        self.retry_after = retry_after
