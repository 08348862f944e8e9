"""The states of an order and the moves between them. Pure: every change of state in the product is checked here."""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    UNCONFIRMED = "UNCONFIRMED"
    REVIEW = "REVIEW"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    PARTIAL = "PARTIAL"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"


MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.CANCELED, State.REJECTED}),
    State.SENDING: frozenset({State.QUEUED, State.ACTIVE, State.REJECTED, State.UNCONFIRMED}),
    State.UNCONFIRMED: frozenset({State.ACTIVE, State.QUEUED, State.REVIEW, State.REJECTED}),
    State.REVIEW: frozenset({State.ACTIVE, State.QUEUED, State.REJECTED}),
    State.ACTIVE: frozenset({State.COMPLETED, State.PARTIAL, State.CANCELED}),
    State.COMPLETED: frozenset({State.PARTIAL, State.CANCELED}),
    State.PARTIAL: frozenset({State.PARTIAL, State.CANCELED}),
    State.CANCELED: frozenset(),
    State.REJECTED: frozenset(),
}

FINAL = frozenset({State.COMPLETED, State.PARTIAL, State.CANCELED, State.REJECTED})
UNCONFIRMED_STATES = frozenset({State.UNCONFIRMED, State.REVIEW})
POSSIBLY_PLACED = frozenset({State.SENDING, *UNCONFIRMED_STATES})
"""May have been bought without our knowing."""


IN_FLIGHT_STATES = frozenset({State.SENDING, State.UNCONFIRMED})
"""At a provider that is probed, one order of each expected cost may be in these: what is found there is that one."""


class ForbiddenMoveError(Exception):
    """A move that is not in the table, or one that another process made first."""


def check_move(old: State, new: State) -> None:
    """Raises ForbiddenMoveError unless `old` → `new` is in the table."""
    if new not in MOVES[old]:
        raise ForbiddenMoveError(f"An order does not go from {old} to {new}.")


def word_for_customer(state: str, provider_word: str) -> str:
    """The protocol's word that customers and their programs see."""
    match State(state):
        case State.QUEUED | State.SENDING | State.UNCONFIRMED | State.REVIEW:
            return "Pending"
        case State.ACTIVE:
            return provider_word if provider_word in {"Pending", "Processing", "In progress"} else "In progress"
        case State.COMPLETED:
            return "Completed"
        case State.PARTIAL:
            return "Partial"
        case State.CANCELED | State.REJECTED:
            return "Canceled"
