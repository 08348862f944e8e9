"""Checks the URL of a customer's webhook: public addresses and https only, whatever staff allow for providers.

Called when a customer enters a URL. panel/lib/outbound/client.py checks every attempt again, since a name may resolve
to another address by then.
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
    """Why `url` can't be used, for the customer; empty where it can. Does not resolve the host."""
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
        return _("Use one of these ports: %(ports)s. The default is 443.") % {"ports": ports}
    if _is_private_literal(host):
        return _("Enter a public URL. Webhooks can't use private networks.")
    return ""


def _is_private_literal(host: str) -> bool:
    with suppress(ValueError):
        return not is_public(str(ip_address(host)))
    return False
