"""The providers' tables: the provider itself, its services as it lists them, our balance there, and its pauses."""

from providers.models.backoff import Backoff
from providers.models.balance import BalanceReading, LossRate
from providers.models.pause import Pause
from providers.models.provider import PROBES_TO_TRUST, Provider
from providers.models.upstream_service import ServiceChange, UpstreamService

__all__ = [
    "PROBES_TO_TRUST",
    "Backoff",
    "BalanceReading",
    "LossRate",
    "Pause",
    "Provider",
    "ServiceChange",
    "UpstreamService",
]
