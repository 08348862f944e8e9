"""Which adapters exist. The one place that names them."""

from providers.adapters.v2 import V2Adapter

ADAPTERS: dict[str, type[V2Adapter]] = {"v2": V2Adapter}


def adapter_class(name: str) -> type[V2Adapter]:
    """The adapter of that name. Raises KeyError for an unknown one."""
    return ADAPTERS[name]
