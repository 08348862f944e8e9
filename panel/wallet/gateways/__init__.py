"""Payment gateways, one module each, with the interface `Gateway`. `gateway_of` finds the one of a payment method."""

from panel.wallet.gateways.base import Gateway
from panel.wallet.gateways.manual import ManualGateway

GATEWAYS: dict[str, Gateway] = {gateway.name: gateway for gateway in (ManualGateway(),)}


def gateway_of(name: str) -> Gateway:
    """The gateway of that name. Raises KeyError for one that is not installed."""
    return GATEWAYS[name]
