"""The page of metrics, for Prometheus. It asks for a token, knows no session, and says nothing of any customer."""

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

import orders.operations.metrics
import panel.ops.metrics.gauges
import providers.balances.metrics
from panel.ops.metrics.provider_calls import read_calls


class Scrape(Collector):
    """Every figure of this moment."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from orders.operations.metrics.read_gauges(now=now)
        yield from providers.balances.metrics.read_gauges(now=now)
        yield from panel.ops.metrics.gauges.read_gauges(now=now)
        yield from read_calls()


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """All figures for who has METRICS_TOKEN; without that setting there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not constant_time_compare(request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse("A token is needed.\n", status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    registry.register(Scrape())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
