"""What a saved form changed, for the audit trail: names of fields, values before and after, and the rows of inlines."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from panel.lib.money import plain

MAX_TEXT_LENGTH = 200


def change_detail(form: Any, formsets: Any, *, is_new: bool) -> dict[str, Any]:
    """The detail of a line of the trail; empty where nothing was changed. No secret is in it."""
    rows = [line for formset in formsets for line in _row_lines(formset)]
    return {**_form_detail(form, is_new=is_new), **({"rows": rows} if rows else {})}


def row_detail(row: Any, names: Collection[str]) -> dict[str, Any]:
    """The detail for a row that is deleted: what these of its columns held."""
    columns = [column for column in row._meta.concrete_fields if column.name in names]
    return {"before": {column.name: _kept(column.value_from_object(row)) for column in columns}}


def _form_detail(form: Any, *, is_new: bool) -> dict[str, Any]:
    changed = [name for name in form.changed_data if name in form.fields]
    values = [name for name in changed if name in form.now and name in form.cleaned_data]
    after = {name: _kept(form.after(name)) for name in values}
    if is_new:
        return {"after": after} if after else {}
    if not changed:
        return {}
    before = {name: _kept(form.now[name]) for name in values}
    return {"fields": [str(form.fields[name].label or name) for name in changed], "before": before, "after": after}


def _row_lines(formset: Any) -> list[dict[str, Any]]:
    kept = [form for form in formset.forms if form not in formset.deleted_forms and form.has_changed()]
    lines = [_row_line(form, "change" if form.is_of_a_row else "add") for form in kept]
    return lines + [_row_line(form, "delete") for form in formset.deleted_forms if form.is_of_a_row]


def _row_line(form: Any, verb: str) -> dict[str, Any]:
    detail = _form_detail(form, is_new=verb == "add")
    if verb == "delete":
        detail = {"before": {name: _kept(value) for name, value in form.now.items()}}
    return {
        "row": form._meta.model._meta.model_name,
        "verb": verb,
        "object": str(form.instance)[:MAX_TEXT_LENGTH],
        **detail,
    }


def _kept(value: Any) -> Any:
    """For JSON: amounts as text, long text by its beginning."""
    if value is None or isinstance(value, bool | int | list):
        return value
    return (plain(value) if isinstance(value, Decimal) else str(value))[:MAX_TEXT_LENGTH]
