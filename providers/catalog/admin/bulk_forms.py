"""The admin's forms for many services at once. Which ones is one field, so that ten thousand fit into a form."""

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from providers.catalog.bulk.importing import UnsoldFilter, unsold_headings, unsold_services
from providers.catalog.bulk.positions import Destination
from providers.catalog.models import Category
from providers.models import Provider, UpstreamService

NAMED = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")
AS_THE_PROVIDER = "as the provider calls it"
MAX_PLACE = 1_000_000


class ChosenForm(forms.Form):
    """The chosen services by their numbers; what becomes of them is said by the forms below."""

    chosen = forms.CharField(widget=forms.HiddenInput, error_messages={"required": "Choose at least one service."})

    def clean_chosen(self) -> list[int]:
        if not NAMED.fullmatch(self.cleaned_data["chosen"]):
            raise forms.ValidationError("Choose the services again.")
        return [int(number) for number in self.cleaned_data["chosen"].split(",")]


class PriceForm(ChosenForm):
    """A rule for each of the services."""

    percent = forms.DecimalField(max_digits=9, decimal_places=3, help_text="Added to the cost, in per cent of it.")
    fixed = forms.DecimalField(
        max_digits=18,
        decimal_places=6,
        initial=0,
        help_text="Added after that, in the shop's currency per 1000 or per package.",
    )
    decimals = forms.IntegerField(
        min_value=0, max_value=6, initial=6, help_text="Rates are rounded up to so many decimals."
    )


class MoveForm(ChosenForm):
    """A category: one of ours, a new one, or the provider's."""

    category = forms.ModelChoiceField(Category.objects.all(), required=False, empty_label=AS_THE_PROVIDER)
    new_category = forms.CharField(max_length=300, required=False, help_text="Instead: the name of a new category.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("category") is not None and given.get("new_category"):
            self.add_error("new_category", "Choose a category or name a new one, not both.")
        return given

    def destination(self) -> Destination:
        """Where they go."""
        category: Category | None = self.cleaned_data["category"]
        return category or self.cleaned_data["new_category"] or None


class PlaceForm(ChosenForm):
    """A place in each service's category; the chosen ones stand together from there on."""

    place = forms.IntegerField(
        min_value=1,
        max_value=MAX_PLACE,
        initial=1,
        help_text="1 is the top. In each category they stand behind each other from there.",
    )


class ImportForm(MoveForm):
    """Where imported services go, for how much, and whether they are sold at once."""

    percent = forms.DecimalField(
        max_digits=9,
        decimal_places=3,
        required=False,
        label="Markup",
        help_text="In per cent of the cost: a rule for a new category, else one for each service. "
        "Empty: as your rules say.",
    )
    fixed = forms.DecimalField(
        max_digits=18,
        decimal_places=6,
        required=False,
        label="Fixed part",
        help_text="Added after the percentage, in the shop's currency.",
    )
    on_sale = forms.BooleanField(required=False, initial=True, label="Put them on sale")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].help_text = _(
            "Services that are in your shop already stay in their category unless you choose one."
        )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("fixed") and given.get("percent") is None:
            self.add_error("percent", "A fixed part needs a percentage, if only 0.")
        return given


class UnsoldFilterForm(forms.Form):
    """Filters for what providers list and we do not sell."""

    provider = forms.ModelChoiceField(Provider.objects.order_by("name"), required=False, empty_label="all")
    category = forms.ChoiceField(required=False)
    type = forms.ChoiceField(required=False)
    words = forms.CharField(max_length=100, required=False, widget=forms.TextInput(attrs={"type": "search"}))
    rate_from = forms.DecimalField(min_value=0, max_digits=18, decimal_places=6, required=False)
    rate_to = forms.DecimalField(min_value=0, max_digits=18, decimal_places=6, required=False)
    refill = forms.BooleanField(required=False, label="With refill")
    cancel = forms.BooleanField(required=False, label="With cancel")

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        provider = str(data.get("provider", ""))
        listed = Provider.objects.filter(pk=int(provider)).first() if re.fullmatch("[0-9]{1,18}", provider) else None
        types = UpstreamService.objects.exclude(type="").order_by("type").values_list("type", flat=True).distinct()
        self._offer("category", unsold_headings(provider=listed))
        self._offer("type", types)

    def _offer(self, name: str, words: Any) -> None:
        field: Any = self.fields[name]
        field.choices = [("", "all"), *((word, word) for word in words)]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        lowest, highest = given.get("rate_from"), given.get("rate_to")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("rate_to", _("The highest rate is below the lowest one."))
        return given

    def found(self) -> QuerySet[UpstreamService]:
        """What the filters find; nothing while one of them has an error."""
        if not self.is_valid():
            return UpstreamService.objects.none()
        given = {name: value for name, value in self.cleaned_data.items() if value is not None}
        return unsold_services(filters=UnsoldFilter(**given))
