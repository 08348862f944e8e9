"""The provider's price list: what it sells now, what it took off, and what was changed by hand since it was made."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from providers.simulator.catalogue import Service

_CHANGEABLE = frozenset(field.name for field in fields(Service)) - {"id", "place"}
_PLAIN = {"type": "Default", "category": "More", "rate": "1.00", "min": "10", "max": "10000"}


class PriceListError(ValueError):
    """There is no such service, or no such field of one; nothing was changed."""


class PriceList:
    """`listed` is in the list's order. `changes` is all that was done by hand, fit for JSON and for `replay`."""

    def __init__(self, services: Iterable[Service]) -> None:
        self.listed = {service.id: service for service in services}
        self.removed: dict[str, Service] = {}
        self.changes: dict[str, dict[str, Any]] = {}
        self.version = 0

    def known(self, service_id: str) -> Service | None:
        """The service, even if it was taken off: orders of it go on."""
        return self.listed.get(service_id) or self.removed.get(service_id)

    def find(self, service_id: str) -> Service:
        """The service as listed. Raises PriceListError where it is not."""
        if service_id not in self.listed:
            raise PriceListError(f"There is no service {service_id} on the list.")
        return self.listed[service_id]

    def change(self, service_id: str, values: dict[str, Any]) -> None:
        """Set fields of a listed service, to nonsense too."""
        service = self.find(service_id)
        _check(values)
        for name, value in values.items():
            setattr(service, name, value)
        self._remember(service_id, values)

    def add(self, service_id: str, values: dict[str, Any]) -> None:
        """One more service; what is not given is that of a plain Default service."""
        _check(values)
        if self.known(service_id):
            raise PriceListError(f"There is a service {service_id} already.")
        self.listed[service_id] = Service(**{"id": service_id, "name": f"Service {service_id}", **_PLAIN, **values})
        self._remember(service_id, {"added": True, **values})

    def remove(self, service_id: str) -> None:
        """Take it off the list; orders of it go on."""
        self.removed[service_id] = self.find(service_id)
        del self.listed[service_id]
        self._remember(service_id, {"removed": True})

    def restore(self, service_id: str) -> None:
        """Put a removed service back, at the end of the list."""
        if service_id not in self.removed:
            raise PriceListError(f"Service {service_id} is not off the list.")
        self.listed[service_id] = self.removed.pop(service_id)
        self._remember(service_id, {"removed": False})

    def replay(self, changes: dict[str, dict[str, Any]]) -> None:
        """Do again what was done by hand before a restart; services that the list no longer has are left out."""
        for service_id, noted in changes.items():
            values = {name: value for name, value in noted.items() if name in _CHANGEABLE}
            if noted.get("added") and not self.known(service_id):
                self.add(service_id, values)
            elif service_id in self.listed:
                self.change(service_id, values)
            if noted.get("removed") and service_id in self.listed:
                self.remove(service_id)

    def _remember(self, service_id: str, values: dict[str, Any]) -> None:
        self.changes.setdefault(service_id, {}).update(values)
        self.version += 1


def _check(values: dict[str, Any]) -> None:
    unknown = sorted(values.keys() - _CHANGEABLE)
    if unknown:
        raise PriceListError(f"A service has no {', '.join(unknown)}.")
