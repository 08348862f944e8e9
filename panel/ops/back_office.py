"""What every admin page shares: what staff change is in the audit trail, and nothing is deleted by habit.

The apps' admin.py modules build on these classes.
"""

from collections.abc import MutableMapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest

from panel.lib.money import plain
from panel.ops import audit
from panel.web.access import actor_of as actor_of  # the admin pages take it from here
from panel.web.pages import BoundedPaginator

if TYPE_CHECKING:  # generic to the type checker alone
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


def is_superuser(request: HttpRequest) -> bool:
    """Whether this person may do what no role can be given."""
    return bool(getattr(request.user, "is_superuser", False))


def trim_amounts(initial: MutableMapping[str, Any]) -> None:
    """Have a form show 10 where the database holds 10.000000."""
    for name, value in initial.items():
        if isinstance(value, Decimal):
            initial[name] = plain(value)


class PlainAdmin(ModelAdmin):
    """How every list of ours looks: headed by what it shows, counted once and no further than it has to be."""

    show_full_result_count = False
    list_per_page = 50
    paginator: ClassVar["type[Paginator[Any]]"] = BoundedPaginator

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = str(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title[:1].upper() + title[1:], **(extra_context or {})})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in; what makes no sense in its field is left out."""
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if self._fits(name, value)}

    def _fits(self, name: str, value: Any) -> bool:
        try:
            field: Any = self.opts.get_field(name)
            for one in value if isinstance(value, list) else [value]:
                (field.target_field if field.is_relation else field).to_python(one)
        except (FieldDoesNotExist, ValidationError):
            return False
        return True

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """A record's page is headed by the record."""
        if context.get("original") is not None:
            context |= {"title": str(context["original"]), "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)


class RecordAdmin(PlainAdmin):
    """Rows that staff may change and never delete; each change is a line of the audit trail, by its fields' names."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def record_deletion(self, request: HttpRequest, obj: Model) -> None:
        """For admins that allow deleting: call it before the row is gone."""
        self._record(request, "delete", obj, [])

    def _record(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        parts = message if isinstance(message, list) else []
        fields = [name for part in parts for name in part.get("changed", {}).get("fields", [])]
        name = self.opts.model_name
        audit.record(
            actor=actor_of(request),
            action=f"{name}.{verb}",
            target=f"{name}:{obj.pk}",
            detail={"fields": fields} if fields else {},
        )


class ReadOnlyAdmin(PlainAdmin):
    """Rows to look at: nobody adds, changes or deletes them here, not even a superuser."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """The rows that belong to a record, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
