"""The admin's forms of markups, services and their backups; a markup with a preview of what it would do."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms

from providers.catalog.markups import MarkupError, PreviewRow, checked_rule, preview
from providers.catalog.models import Backup, Markup, Service
from providers.catalog.pricing.rates import Rule

if TYPE_CHECKING:  # generic to the type checker alone
    MarkupModelForm = forms.ModelForm[Markup]
    BackupModelForm = forms.ModelForm[Backup]
    ServiceModelForm = forms.ModelForm[Service]
else:
    MarkupModelForm = BackupModelForm = ServiceModelForm = forms.ModelForm

MAX_ROWS_SHOWN = 50
ALL = 1_000_000
TARGETS = ("provider", "category", "service")


class MarkupForm(MarkupModelForm):
    """A rule's terms and its one target; a rule that exists keeps its target."""

    class Meta:
        model = Markup
        fields = (*TARGETS, "percent", "fixed", "decimals")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"percent", "fixed", "decimals"} <= cleaned.keys():
            try:
                self.rule()
            except MarkupError as error:
                raise forms.ValidationError(str(error)) from None
            targets = {name: self.terms()[name] for name in TARGETS}
            if Markup.objects.filter(**targets).exclude(pk=self.instance.pk).exists():
                raise forms.ValidationError("There is a rule for this already: change that one.")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """All is checked above, in words: what the database's constraints would add helps nobody."""
        return {*super()._get_validation_exclusions(), *self.Meta.fields}  # type: ignore[misc] # not in the stubs

    def terms(self) -> dict[str, Any]:
        """What `set_markup` takes."""
        targets = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in TARGETS}
        return {**targets, **{name: self.cleaned_data[name] for name in ("percent", "fixed", "decimals")}}

    def rule(self) -> Rule:
        """The rule that was entered. Raises MarkupError."""
        return checked_rule(**self.terms())


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do: the first rows, what is no longer sold before all else, and counts of all it is for."""

    rows: list[PreviewRow]
    reached: int
    changed: int
    dearer: int
    cheaper: int
    unsold: int
    own: int


def preview_of(rule: Rule) -> Preview:
    """The shelf as it would be with `rule`; changes nothing."""
    rows = preview(rule=rule, limit=ALL)
    rows.sort(key=lambda row: (not row.problem, row.new_rate == row.old_rate))
    return Preview(
        rows=rows[:MAX_ROWS_SHOWN],
        reached=len(rows),
        changed=sum(row.new_rate != row.old_rate for row in rows),
        dearer=sum(row.is_dearer for row in rows),
        cheaper=sum(row.is_cheaper for row in rows),
        unsold=sum(bool(row.problem) for row in rows),
        own=sum(row.has_own_rate for row in rows),
    )


class ServiceForm(ServiceModelForm):
    """What staff choose for a service. Limits of ours leave something of the provider's."""

    class Meta:
        model = Service
        fields = (
            "name", "keeps_name", "description", "keeps_description", "category", "keeps_category", "position",
            "is_enabled", "allow_below_cost", "own_rate", "own_min", "own_max", "refill_days",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        own_min, own_max = given.get("own_min"), given.get("own_max")
        upstream = self.instance.upstream
        if own_min is not None and own_min > upstream.max:
            self.add_error("own_min", f"The provider takes at most {upstream.max:,}.")
        elif own_max is not None and own_max < upstream.min:
            self.add_error("own_max", f"The provider takes {upstream.min:,} and more.")
        elif own_min is not None and own_max is not None and own_min > own_max:
            self.add_error("own_max", "This is under our own min.")
        return given


class BackupForm(BackupModelForm):
    """Another supplier of a service: it sells the same type, and is not the service's own."""

    class Meta:
        model = Backup
        fields = ("upstream", "position")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        upstream, service = given.get("upstream"), self.instance.service
        if upstream is not None and upstream.pk == service.upstream_id:
            self.add_error("upstream", "This is the service's own supplier.")
        elif upstream is not None and upstream.type != service.type:
            self.add_error("upstream", f"This is of the type {upstream.raw_type}; the service is {service.type}.")
        return given
