"""The admin's forms for markups with their preview, services, and backup suppliers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

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
PREVIEW_LIMIT = 1_000_000
TARGETS = ("provider", "category", "service")


class MarkupForm(MarkupModelForm):
    """A markup and its target. The target of an existing markup cannot be changed."""

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
                raise forms.ValidationError(_("A markup for this already exists. Edit that one."))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Skip the checks of database constraints: `clean` checks the same with better messages."""
        return {*super()._get_validation_exclusions(), *self.Meta.fields}  # type: ignore[misc] # not in the stubs

    def terms(self) -> dict[str, Any]:
        """The arguments of `set_markup`."""
        targets = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in TARGETS}
        return {**targets, **{name: self.cleaned_data[name] for name in ("percent", "fixed", "decimals")}}

    def rule(self) -> Rule:
        """The entered rule. Raises MarkupError."""
        return checked_rule(**self.terms())


@dataclass(frozen=True, slots=True)
class Preview:
    """What a markup would do: the first rows, unsold services first, and counts over all services it applies to."""

    rows: list[PreviewRow]
    reached: int
    changed: int
    dearer: int
    cheaper: int
    unsold: int
    own: int


def preview_of(rule: Rule) -> Preview:
    """Preview the prices with `rule`; changes nothing."""
    rows = preview(rule=rule, limit=PREVIEW_LIMIT)
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
    """Staff's settings for a service. Custom limits must overlap with the provider's."""

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
            self.add_error("own_min", _("The provider's maximum is %(max)s.") % {"max": f"{upstream.max:,}"})
        elif own_max is not None and own_max < upstream.min:
            self.add_error("own_max", _("The provider's minimum is %(min)s.") % {"min": f"{upstream.min:,}"})
        elif own_min is not None and own_max is not None and own_min > own_max:
            self.add_error("own_max", _("The maximum must not be below the custom minimum."))
        return given


class BackupForm(BackupModelForm):
    """A backup supplier of a service: another upstream service of the same type."""

    class Meta:
        model = Backup
        fields = ("upstream", "position")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        upstream, service = given.get("upstream"), self.instance.service
        if upstream is not None and upstream.pk == service.upstream_id:
            self.add_error("upstream", _("This is already the main supplier."))
        elif upstream is not None and upstream.type != service.type:
            self.add_error(
                "upstream",
                _("The type %(type)s does not match the service's type %(own)s.")
                % {"type": upstream.raw_type, "own": service.type},
            )
        return given
