"""A change form that knows its row as it was when the page was opened, so that nobody's change is overwritten unseen.

The page carries what its fields showed. When it is sent, a field that the person did not touch keeps what it holds by
now; where one that was touched was changed by somebody else meanwhile, nothing is saved and the form shows both values.
Called by base for every model of the admin, its inlines included; the caller holds the row's lock.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from panel.lib.money import plain
from panel.lib.text import with_plain_lines

if TYPE_CHECKING:  # generic to the type checker alone
    ModelForm = forms.ModelForm[Any]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelForm, InlineFormSet = forms.ModelForm, forms.BaseInlineFormSet

NAME = "opened"
"""The hidden field of the page."""
MAX_TEXT_LENGTH = 200
Page = Mapping[str, Mapping[str, Any]]
"""What the fields of every row in the page showed, by `row_key`."""


def row_key(row: models.Model) -> str:
    """The name of a row in the page."""
    return f"{row._meta.label_lower}:{row.pk}"


def seal_page(page_forms: Iterable[Any]) -> str:
    """The hidden field's value for a page of these forms."""
    rows = {row_key(form.instance): form.shown() for form in page_forms if form.is_of_a_row}
    return signing.dumps(rows, salt=NAME, compress=True)


def open_page(text: str) -> Page | None:
    """What the page showed; None where it is missing or not signed by us."""
    try:
        page: Page = signing.loads(text, salt=NAME)
    except signing.BadSignature:
        return None
    return page


class OpenedForm(ModelForm):
    """Mixed into a model form. `page` is what the page showed; without it the form is like any other.

    A form may say in `relies_on`, for a field that is no column, which columns a person has in mind who fills it in.
    """

    page: ClassVar[Page | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._relies_on: Mapping[str, tuple[str, ...]] = getattr(self, "relies_on", {})
        self.is_of_a_row = not self.instance._state.adding
        self.overtaken: set[str] = set()
        columns = {field.name: field for field in _editable(self._meta.model)}
        hidden = {name for name, field in self.fields.items() if isinstance(field.widget, forms.PasswordInput)}
        self._columns = {name: columns[name] for name in self.fields if name in columns and name not in hidden}
        self.now = {name: _value(column, self.instance) for name, column in self._columns.items()}
        self._opened = (self.page or {}).get(row_key(self.instance)) if self.is_of_a_row and self.is_bound else None
        if self._opened is not None:
            was = {
                name: _read(column, self._opened[name]) for name, column in self._columns.items() if self._knew(name)
            }
            self.initial = {**self.initial, **was}

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields that the person touched; what the page did not show cannot be touched."""
        changed: list[str] = super().changed_data
        return changed if self._opened is None else [name for name in changed if self._knew(name)]

    @property
    def is_overtaken(self) -> bool:
        """Whether anything of the row was changed since the page was opened."""
        return self._opened is not None and any(self._was_overtaken(name) for name in self._columns)

    def shown(self) -> dict[str, Any]:
        """What the page shows of this row; of a form that comes back, what it showed before and was shown since."""
        fresh = {name: _write(value) for name, value in self.now.items()}
        fresh |= {name: self._digest(name) for name in self._relies_on if name in self.fields}
        if self._opened is None:
            return fresh
        return {**self._opened, **{name: fresh[name] for name in self.overtaken}}

    def after(self, name: str) -> Any:
        """What the valid form makes of a column."""
        return _comparable(self.cleaned_data[name])

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc] # not in the stubs
        if self.page is None or not self.is_of_a_row:
            return
        if self._opened is None:
            self.add_error(None, _("This row was not on the page that you opened. Open the page again."))
            return
        for name in [name for name in self.fields if name in self.cleaned_data]:
            if name in self.changed_data:
                self._refuse_to_overwrite(name)
            elif name in self._columns:
                self.cleaned_data[name] = _cleaned(self._columns[name], self.instance)

    def _refuse_to_overwrite(self, name: str) -> None:
        if not self._was_overtaken(name):
            return
        if name in self._relies_on:
            text = _("This was changed by somebody else while you had the page open. Check it, and enter it again.")
        elif self.after(name) == self.now[name]:
            return
        else:
            now, entered = self._displayed(name, self.now[name]), self._displayed(name, self.after(name))
            text = _(
                "Somebody else changed this while you had the page open: it is “%(now)s” now, and you entered "
                "“%(entered)s”. Save again to keep what you entered."
            ) % {"now": now, "entered": entered}
        self.overtaken.add(name)
        self.add_error(name, text)

    def _knew(self, name: str) -> bool:
        return self._opened is not None and (name in self._opened or name not in (*self._columns, *self._relies_on))

    def _was_overtaken(self, name: str) -> bool:
        opened = self._opened or {}
        if name in self._relies_on:
            return bool(opened.get(name) != self._digest(name))
        if name not in self._columns or name not in opened:
            return False
        return bool(self._was(name) != self.now[name])

    def _was(self, name: str) -> Any:
        """What the page showed of a column."""
        return _read(self._columns[name], (self._opened or {})[name])

    def _digest(self, name: str) -> str:
        values = [getattr(self.instance, column) for column in self._relies_on[name]]
        return salted_hmac(NAME, repr(values), algorithm="sha256").hexdigest()

    def _displayed(self, name: str, value: Any) -> str:
        """The value as people know it."""
        column = self._columns[name]
        if column.is_relation and value not in (None, []):
            rows = column.related_model._default_manager.filter(pk__in=value if isinstance(value, list) else [value])
            return ", ".join(map(str, rows))[:MAX_TEXT_LENGTH]
        return value_text(dict(column.flatchoices).get(value, value) if column.choices else value)


class OpenedFormSet(InlineFormSet):
    """Mixed into an inline's formset: no row is deleted, or taken for a new one, that is not as it was on the page."""

    def clean(self) -> None:
        super().clean()
        for form in self.initial_forms:
            if form.instance._state.adding:
                raise ValidationError(_("A row was deleted by somebody else meanwhile. Open the page again."))
            if form in self.deleted_forms and form.is_overtaken:
                raise ValidationError(
                    _("“%(row)s” was changed by somebody else meanwhile, and was not deleted. Open the page again."),
                    params={"row": str(form.instance)[:MAX_TEXT_LENGTH]},
                )


def value_text(value: Any) -> str:
    """A column's value in a sentence or in the audit trail."""
    if value is None or value == "":
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return (plain(value) if isinstance(value, Decimal) else str(value))[:MAX_TEXT_LENGTH]


def _editable(model: type[models.Model]) -> list[Any]:
    return [*model._meta.concrete_fields, *model._meta.many_to_many]


def _value(column: Any, row: models.Model) -> Any:
    if column.many_to_many:
        return [] if row.pk is None else sorted(getattr(row, column.name).values_list("pk", flat=True))
    return _comparable(column.value_from_object(row))


def _comparable(value: Any) -> Any:
    """One form for a column's value and for a cleaned field's."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet):
        return sorted(value.values_list("pk", flat=True))
    return with_plain_lines(value) if isinstance(value, str) else value


def _cleaned(column: Any, row: models.Model) -> Any:
    """What the row holds by now, as the form's own cleaning would give it."""
    return getattr(row, column.name).all() if column.many_to_many else getattr(row, column.name)


def _write(value: Any) -> Any:
    """For JSON; `_read` gives it back."""
    return value if value is None or isinstance(value, bool | int | list) else str(value)


def _read(column: Any, text: Any) -> Any:
    return text if text is None or isinstance(text, list) else column.to_python(text)
