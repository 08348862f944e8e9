"""How money comes in: one module a gateway, all behind `Gateway`. `gateway_of` finds the one that serves a method."""

from panel.wallet.gateways.base import Gateway
from panel.wallet.gateways.manual import ManualGateway

GATEWAYS: dict[str, Gateway] = {gateway.name: gateway for gateway in (ManualGateway(),)}


def gateway_of(name: str) -> Gateway:
    """The gateway of that name. Raises KeyError for one that is not installed."""
    return GATEWAYS[name]
