"""Where a customer's webhook may be: public addresses alone, by https, whatever staff allow for providers.

Called when a customer enters an address. panel/lib/outbound/client.py holds every attempt to the same, since a name
can lead anywhere by then.
"""

from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from orders.webhooks.models import LONGEST_URL
from panel.lib.outbound.addresses import address_problem, is_public
from panel.lib.outbound.client import PUBLIC_PORTS

EXAMPLE = "https://example.com/hooks/orders"


def webhook_address_problem(url: str) -> str:
    """Why no webhook can be at `url`, for the customer; empty where one may. It looks nothing up."""
    hosts = settings.WEBHOOK_TEST_HOSTS
    problem = address_problem(url, max_length=LONGEST_URL, private_hosts=hosts, example=EXAMPLE, with_query=True)
    if problem:
        return problem
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in hosts:
        return ""
    if (parts.port or 443) not in PUBLIC_PORTS:
        ports = ", ".join(str(port) for port in sorted(PUBLIC_PORTS))
        return _("Use one of these ports: %(ports)s. Without a port the address means 443.") % {"ports": ports}
    if _is_private_literal(host):
        return _("Enter a public address. The panel does not call private networks.")
    return ""


def _is_private_literal(host: str) -> bool:
    with suppress(ValueError):
        return not is_public(str(ip_address(host)))
    return False
