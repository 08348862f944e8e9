"""The connections that wait for their callers, oldest first, and which has to go when they are too many."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from panel.server.connection import Connection, State
from panel.server.limits import Limits


@dataclass(slots=True)
class Place:
    """Where a connection is counted, and with how many bytes."""

    address: str
    held: int


class Room:
    """Who waits: idle, being read from, or taking an answer. One that a thread works for has left."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places: dict[Connection, Place] = {}
        self._by_address: dict[str, dict[Connection, None]] = {}
        self._held = 0

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._places

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._places))

    def enter(self, connection: Connection) -> None:
        """It begins to wait, or has changed while it does: its address, or how much is held for it."""
        place = self._places.get(connection)
        if place is None or place.address != connection.address:
            self._file(connection, place)
            place = self._places[connection]
        self._held += connection.held - place.held
        place.held = connection.held

    def leave(self, connection: Connection) -> None:
        """It waits no more."""
        place = self._places.pop(connection)
        self._held -= place.held
        self._unfile(connection, place)

    def overdue(self, *, now: float) -> list[Connection]:
        """Those whose time is up."""
        return [one for one in self._places if one.deadline <= now]

    def who_must_go(self, address: str) -> Connection | None:
        """Whom to close after one of `address` came in or grew; None while there is room for all."""
        own = self._by_address.get(address, {})
        if address and len(own) > self._limits.from_one_address:
            return _first_idle(own) or next(iter(own))
        if len(self._places) > self._limits.connections:
            busiest = max(self._by_address.values(), key=len)
            return _first_idle(self._places) or next(iter(busiest))
        if self._held > self._limits.held:
            holders = max(self._by_address.values(), key=self._held_by)
            return next(one for one in holders if self._places[one].held)
        return None

    def _file(self, connection: Connection, place: Place | None) -> None:
        if place is None:
            self._places[connection] = Place(address=connection.address, held=0)
        else:  # it keeps its place among all, and is the newest of its address
            self._unfile(connection, place)
            place.address = connection.address
        self._by_address.setdefault(connection.address, {})[connection] = None

    def _unfile(self, connection: Connection, place: Place) -> None:
        own = self._by_address[place.address]
        del own[connection]
        if not own:
            del self._by_address[place.address]

    def _held_by(self, connections: dict[Connection, None]) -> int:
        return sum(self._places[one].held for one in connections)


def _first_idle(connections: Iterable[Connection]) -> Connection | None:
    return next((one for one in connections if one.state is State.IDLE), None)
