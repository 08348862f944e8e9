"""A longer shelf for tests of long lists."""

from providers.catalog.models import Service
from providers.models import UpstreamService


def add_services(*, like: Service, count: int) -> None:
    """Put `count` copies of the service on the shelf."""
    mirror = UpstreamService.objects.get(pk=like.upstream_id)
    values = {field.attname: getattr(mirror, field.attname) for field in UpstreamService._meta.fields}
    del values["id"]
    copies = UpstreamService.objects.bulk_create(
        [UpstreamService(**{**values, "external_id": f"copy-{number}"}) for number in range(count)]
    )
    shown = {field.attname: getattr(like, field.attname) for field in Service._meta.fields}
    del shown["id"]
    Service.objects.bulk_create([Service(**{**shown, "upstream_id": copy.pk}) for copy in copies])
