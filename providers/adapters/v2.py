"""The industry's "API v2", as it is published and as it is met in the wild."""

from providers.adapters.base import ProviderAdapter


class V2Adapter(ProviderAdapter):
    pass
