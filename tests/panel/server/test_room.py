"""Who has to go when too many connections wait."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from panel.server.connection import Connection, State
from panel.server.room import Room
from tests.panel.server.callers import LIMITS, called

Make = Callable[..., Connection]


@pytest.fixture
def room() -> Room:
    return Room(LIMITS)


@pytest.fixture
def make(room: Room) -> Iterator[Make]:
    """Has a connection from an address come in, in a state, with so many bytes held for it."""
    with ExitStack() as stack:

        def one(address: str, state: State = State.READING, *, held: int = 0) -> Connection:
            connection = stack.enter_context(called(address))[0]
            connection.state, connection.length = state, held
            room.enter(connection)
            return connection

        yield one


def test_there_is_room_for_as_many_as_the_limits_say(room: Room, make: Make) -> None:
    for number in range(10):
        make(f"192.0.2.{number}", held=1000)
        assert room.who_must_go(f"192.0.2.{number}") is None
    assert len(room) == 10


def test_the_oldest_of_an_address_with_too_many_goes(room: Room, make: Make) -> None:
    other = make("192.0.2.1", State.IDLE)
    first, *_ = [make("192.0.2.9") for _ in range(5)]
    assert room.who_must_go("192.0.2.9") is first
    assert room.who_must_go("192.0.2.1") is None
    room.leave(first)
    assert room.who_must_go("192.0.2.9") is None
    assert other in room


def test_an_idle_one_of_the_address_goes_first(room: Room, make: Make) -> None:
    make("192.0.2.9")
    idle = make("192.0.2.9", State.IDLE)
    for _ in range(3):
        make("192.0.2.9", State.IDLE)
    assert room.who_must_go("192.0.2.9") is idle


def test_where_all_are_too_many_the_oldest_idle_goes(room: Room, make: Make) -> None:
    make("192.0.2.1")
    idle = make("192.0.2.2", State.IDLE)
    for number in range(3, 12):
        make(f"192.0.2.{number}", State.IDLE)
    assert room.who_must_go("192.0.2.11") is idle


def test_where_none_is_idle_the_oldest_of_the_address_with_most_goes(room: Room, make: Make) -> None:
    for number in range(5):
        make(f"192.0.2.{number}")
    busiest, *_ = [make("192.0.2.9", State.SENDING) for _ in range(3)]
    for number in range(5, 8):
        make(f"192.0.2.{number}")
    assert room.who_must_go("192.0.2.7") is busiest


def test_where_too_much_is_held_the_oldest_of_who_holds_most_goes(room: Room, make: Make) -> None:
    make("192.0.2.1", held=4000)
    make("192.0.2.9", held=0)
    holder = make("192.0.2.9", held=3000)
    assert room.who_must_go("192.0.2.9") is None
    last = make("192.0.2.9", held=3001)
    assert room.who_must_go("192.0.2.9") is holder
    last.length = 3000
    room.enter(last)
    assert room.who_must_go("192.0.2.9") is None


def test_what_is_held_is_counted_anew_and_forgotten(room: Room, make: Make) -> None:
    one = make("192.0.2.1", held=9000)
    one.length = 11_000
    room.enter(one)
    assert room.who_must_go("192.0.2.1") is one
    room.leave(one)
    make("192.0.2.2", held=10_000)
    assert room.who_must_go("192.0.2.2") is None
    assert one not in room


def test_one_whose_address_becomes_known_is_counted_there(room: Room, make: Make) -> None:
    """Behind a proxy, once the head is read."""
    waiting = [make("") for _ in range(6)]
    assert room.who_must_go("") is None
    for one in waiting[:5]:
        one.address = "192.0.2.9"
        room.enter(one)
    assert room.who_must_go("192.0.2.9") is waiting[0]
    assert len(room) == 6


def test_whose_time_is_up(room: Room, make: Make) -> None:
    for number, deadline in enumerate((5.0, 7.0, 6.0)):
        make(f"192.0.2.{number}").deadline = deadline
    assert [one.deadline for one in room.overdue(now=6.0)] == [5.0, 6.0]
    assert room.overdue(now=4.9) == []
