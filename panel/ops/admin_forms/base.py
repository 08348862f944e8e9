"""What every admin page shares: nobody's change is overwritten unseen, and every change is in the audit trail.

The apps' admin.py modules build on these classes.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets, get_fields_from_path, unquote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from panel.lib.database.fields import LinesFormField, PlainDecimalFormField
from panel.ops import audit
from panel.ops.admin_forms import stale_forms
from panel.ops.admin_forms.changes import change_detail, row_detail
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


FIELDS: dict[Any, Any] = {
    models.TextField: {"form_class": LinesFormField, "widget": AdminTextareaWidget},
    models.DecimalField: {"form_class": PlainDecimalFormField},
}
"""The form fields of columns whose text has more than one writing."""


def filter_parameters(model: type[Model], entry: Any) -> set[str]:
    """The parameters of the address that an entry of `list_filter` reads."""
    if isinstance(entry, type) and issubclass(entry, admin.SimpleListFilter):
        return {str(entry.parameter_name)}
    path = entry[0] if isinstance(entry, list | tuple) else str(entry)
    field: Any = get_fields_from_path(model, path)[-1]
    exact = f"{path}__{field.target_field.name}__exact" if field.is_relation else f"{path}__exact"
    return {path, exact, f"{path}__isnull", f"{path}__isempty"}


class PlainAdmin(ModelAdmin):
    """How every list of ours looks: headed by what it shows, counted once and no further than it has to be."""

    formfield_overrides = FIELDS
    show_full_result_count = False
    list_per_page = 50
    paginator: ClassVar["type[Paginator[Any]]"] = BoundedPaginator

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if any("\x00" in value for _name, values in request.GET.lists() for value in values):
            raise BadRequest("A filter holds a NUL.")  # PostgreSQL takes none, and no list finds one
        title = str(self.opts.verbose_name_plural)
        context = {"title": title[:1].upper() + title[1:], "seen_at": timezone.now()}  # before any row is read
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters that are shown: others would tell a hidden field, such as a password's hash, by guesses."""
        shown = self.get_list_filter(request) if request is not None else self.list_filter
        return any(lookup in filter_parameters(self.model, entry) for entry in shown)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the address fills in; what makes no sense in its field is left out."""
        given = super().get_changeform_initial_data(request)
        return {name: value for name, value in given.items() if self._fits(name, value)}

    def _fits(self, name: str, value: Any) -> bool:
        try:
            field: Any = self.opts.get_field(name)
            for one in value if isinstance(value, list) else [value]:
                kept = field.target_field if field.is_relation else field
                kept.run_validators(kept.to_python(one))  # a number that no column holds, too
        except (FieldDoesNotExist, ValidationError):
            return False
        return True

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """A record's page is headed by the record."""
        if context.get("original") is not None:
            context |= {"title": str(context["original"]), "subtitle": None}
        return super().render_change_form(request, context, *args, **kwargs)


class RecordAdmin(PlainAdmin):
    """Rows that staff may change and never delete. Only what a person touched is written, and it is in the audit trail.

    A form of a row that somebody else changed meanwhile is judged field by field: see stale_forms.
    """

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and object_id is not None and self._is_out_of_date(request, object_id):
            text = _("This page was out of date, so nothing was saved. This is how things are now.")
            messages.error(request, text)
            return HttpResponseRedirect(request.get_full_path())
        return super().changeform_view(request, object_id, *args, **kwargs)

    def lock_row(self, pk: Any) -> None:
        """Before a row is judged and written: the locks that its other writers take, in their order."""
        list(self.model._base_manager.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if request.method == "POST" and connection.in_atomic_block:
            try:
                self.lock_row(self.opts.pk.to_python(object_id))
            except (ValidationError, ValueError):
                return None
        return super().get_object(request, object_id, from_field)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = kwargs.pop("form", self.form)
        declared = dict.fromkeys(set(self.get_readonly_fields(request, obj)) & set(form.declared_fields))
        opened_form = type(form.__name__, (stale_forms.OpenedForm, form), {"page": _page_of(request), **declared})
        return super().get_form(request, obj, change, form=opened_form, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.save()
        elif names := [field.name for field in self.opts.concrete_fields if field.name in form.changed_data]:
            obj.save(update_fields=names)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        detail = change_detail(form, formsets, is_new=not change)
        if detail or not change:
            self._record(request, "change" if change else "add", form.instance, detail)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        inlines = [form for inline in context["inline_admin_formsets"] for form in inline.formset.initial_forms]
        page_forms = [
            form for form in (context["adminform"].form, *inlines) if isinstance(form, stale_forms.OpenedForm)
        ]
        context |= {"opened_name": stale_forms.NAME, "opened": stale_forms.seal_page(page_forms)}
        return super().render_change_form(request, context, *args, **kwargs)

    def record_deletion(self, request: HttpRequest, obj: Model) -> None:
        """For admins that allow deleting: call it before the row is gone."""
        self._record(request, "delete", obj, row_detail(obj, flatten_fieldsets(self.get_fieldsets(request, obj))))

    def audit_target(self, obj: Any) -> str:
        """What the audit trail says it was done to."""
        return f"{self.opts.model_name}:{obj.pk}"

    def _is_out_of_date(self, request: HttpRequest, object_id: str) -> bool:
        """Whether the form does not tell what its page showed; for who may not change the row, that is said first."""
        page, row = _page_of(request), self.get_object(request, unquote(object_id))
        may_change = row is not None and self.has_change_permission(request, row)
        return may_change and (page is None or stale_forms.row_key(row) not in page)

    def _record(self, request: HttpRequest, verb: str, obj: Model, detail: dict[str, Any]) -> None:
        action = f"{self.opts.model_name}.{verb}"
        audit.record(actor=actor_of(request), action=action, target=self.audit_target(obj), detail=detail)


class RecordInline(TabularInline):
    """Rows that belong to a record and are changed with it, under its lock."""

    extra = 0
    formfield_overrides = FIELDS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = type(self.form.__name__, (stale_forms.OpenedForm, self.form), {"page": _page_of(request)})
        formset = type(self.formset.__name__, (stale_forms.OpenedFormSet, self.formset), {})
        return super().get_formset(request, obj, form=form, formset=formset, **kwargs)


def _page_of(request: HttpRequest) -> stale_forms.Page | None:
    return stale_forms.open_page(request.POST.get(stale_forms.NAME, ""))


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
