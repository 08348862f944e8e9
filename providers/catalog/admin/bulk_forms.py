"""The admin's forms for bulk changes. The selected IDs are one field, so that ten thousand fit into a form."""

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from providers.catalog.bulk.importing import UnsoldFilter, unsold_headings, unsold_services
from providers.catalog.bulk.positions import Destination
from providers.catalog.models import Category
from providers.models import Provider, UpstreamService

ID_LIST = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")
PROVIDER_CATEGORY = _lazy("Provider's category")
MAX_PLACE = 1_000_000


class ChosenForm(forms.Form):
    """The IDs of the selected services. The forms below add what to change."""

    chosen = forms.CharField(
        widget=forms.HiddenInput, error_messages={"required": _lazy("Select at least one service.")}
    )

    def clean_chosen(self) -> list[int]:
        if not ID_LIST.fullmatch(self.cleaned_data["chosen"]):
            raise forms.ValidationError(_("Select the services again."))
        return [int(number) for number in self.cleaned_data["chosen"].split(",")]


class PriceForm(ChosenForm):
    """A custom markup for each of the services."""

    percent = forms.DecimalField(
        label=_lazy("Percent"), max_digits=9, decimal_places=3, help_text=_lazy("Percentage added to the cost.")
    )
    fixed = forms.DecimalField(
        label=_lazy("Fixed amount"),
        max_digits=18,
        decimal_places=6,
        initial=0,
        help_text=_lazy("Added after the percentage, in the shop's currency per 1,000 or per package."),
    )
    decimals = forms.IntegerField(
        label=_lazy("Decimals"),
        min_value=0,
        max_value=6,
        initial=6,
        help_text=_lazy("Rates are rounded up to this many decimals."),
    )


class MoveForm(ChosenForm):
    """A category: an existing one, a new one, or the provider's."""

    category = forms.ModelChoiceField(
        Category.objects.all(), label=_lazy("Category"), required=False, empty_label=PROVIDER_CATEGORY
    )
    new_category = forms.CharField(
        label=_lazy("New category"), max_length=300, required=False, help_text=_lazy("Or the name of a new category.")
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("category") is not None and given.get("new_category"):
            self.add_error("new_category", _("Choose a category or enter a new one, not both."))
        return given

    def destination(self) -> Destination:
        """The category to move to."""
        category: Category | None = self.cleaned_data["category"]
        return category or self.cleaned_data["new_category"] or None


class PlaceForm(ChosenForm):
    """A position in each service's category; the selected services follow each other from there."""

    place = forms.IntegerField(
        min_value=1,
        max_value=MAX_PLACE,
        initial=1,
        label=_lazy("Position"),
        help_text=_lazy("1 is first. The selected services follow each other from there, in each category."),
    )


class ImportForm(MoveForm):
    """The category and the markup of imported services, and whether they are enabled."""

    percent = forms.DecimalField(
        max_digits=9,
        decimal_places=3,
        required=False,
        label=_lazy("Markup"),
        help_text=_lazy(
            "Percentage added to the cost: one markup for a new category, else one for each service. "
            "Leave empty to use your existing markups."
        ),
    )
    fixed = forms.DecimalField(
        max_digits=18,
        decimal_places=6,
        required=False,
        label=_lazy("Fixed amount"),
        help_text=_lazy("Added after the percentage, in the shop's currency."),
    )
    on_sale = forms.BooleanField(required=False, initial=True, label=_lazy("Enable services"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].help_text = _(
            "Services that are already in your shop stay in their category unless you choose one."
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("fixed") and given.get("percent") is None:
            self.add_error("percent", _("Enter a percentage with the fixed amount, for example 0."))
        return given


class UnsoldFilterForm(forms.Form):
    """Filters for services that providers list and the shop does not sell."""

    provider = forms.ModelChoiceField(
        Provider.objects.order_by("name"), label=_lazy("Provider"), required=False, empty_label=_lazy("All")
    )
    category = forms.ChoiceField(label=_lazy("Category"), required=False)
    type = forms.ChoiceField(label=_lazy("Type"), required=False)
    words = forms.CharField(
        label=_lazy("Search"), max_length=100, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    rate_from = forms.DecimalField(
        label=_lazy("Rate from"), min_value=0, max_digits=18, decimal_places=6, required=False
    )
    rate_to = forms.DecimalField(label=_lazy("Rate to"), min_value=0, max_digits=18, decimal_places=6, required=False)
    refill = forms.BooleanField(required=False, label=_lazy("With refill"))
    cancel = forms.BooleanField(required=False, label=_lazy("With cancel"))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        provider = str(data.get("provider", ""))
        listed = Provider.objects.filter(pk=int(provider)).first() if re.fullmatch("[0-9]{1,18}", provider) else None
        types = UpstreamService.objects.exclude(type="").order_by("type").values_list("type", flat=True).distinct()
        self._set_choices("category", unsold_headings(provider=listed))
        self._set_choices("type", types)

    def _set_choices(self, name: str, values: Any) -> None:
        field: Any = self.fields[name]
        field.choices = [("", _lazy("All")), *((value, value) for value in values)]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        lowest, highest = given.get("rate_from"), given.get("rate_to")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("rate_to", _("The highest rate must not be below the lowest rate."))
        return given

    def results(self) -> QuerySet[UpstreamService]:
        """The services that match the filters; none while a filter has an error."""
        if not self.is_valid():
            return UpstreamService.objects.none()
        given = {name: value for name, value in self.cleaned_data.items() if value is not None}
        return unsold_services(filters=UnsoldFilter(**given))
