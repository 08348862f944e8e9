"""Template tags for the parts that pages share: `{% load panel %}`. static/panel/README.md shows an example of each."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BoundField
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from panel.lib import zones
from panel.lib.money import round_to
from panel.web import formatting, icons, navigation
from panel.web.fields import field_context

register = template.Library()
register.filter("zone_name", zones.zone_name)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; hidden from screen readers unless it has a `label`."""
    own = name.startswith(("state-", "platform-"))
    return _svg("panel/icons.svg" if own else "vendor/bootstrap-icons/sprite.svg", name, label=label)


@register.simple_tag
def platform_icon(text: str) -> SafeString:
    """The icon of the platform that a link or a service's name belongs to, with its name for screen readers."""
    platform = icons.platform_of(text)
    return _svg("panel/icons.svg", platform.icon, label=platform.name, css="icon icon-platform")


@register.simple_tag
def money(
    amount: Decimal | int | str | None, currency: str = "", plus: bool = False, rounded: bool = False
) -> SafeString:
    """An amount that never wraps, with its exact value on hover; a dash where there is none. Floats are refused.

    With `rounded`, amounts of one and more have two decimals: for totals, where further decimals do not matter.
    """
    if amount is None or amount == "":
        return format_html('<span class="money">{}</span>', "–")
    exact, code = _decimal(amount), currency or settings.CURRENCY
    shown = round_to(exact, places=2) if rounded and abs(exact) >= 1 else exact
    return format_html(
        '<span class="money{}" title="{}">{}</span>',
        " is-in" if plus and exact > 0 else "",
        formatting.exact_text(exact, currency=code),
        formatting.money_text(shown, currency=code, plus=plus),
    )


@register.filter
def money_text(amount: Decimal | int | str, currency: str = "") -> str:
    """The amount as plain text, for attributes and sentences."""
    return formatting.money_text(_decimal(amount), currency=currency or settings.CURRENCY)


@register.filter
def thousands(number: int | None) -> str:
    """A whole number with its thousands separated; a dash where there is none."""
    return "–" if number is None else f"{number:,}"


@register.simple_tag
def state_badge(status: str) -> SafeString:
    """The badge of a status, for customers or for staff."""
    badge = icons.badge_of(str(status))
    return format_html(
        '<span class="state tone-{}">{}{}</span>', badge.tone, _svg("panel/icons.svg", badge.icon), badge.label
    )


@register.filter
def tone(status: str) -> str:
    """The CSS class of a status's color, for a line of a timeline or a bar."""
    return f"tone-{icons.badge_of(str(status)).tone}"


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None) -> SafeString:
    """How long ago, updated in the page, with the exact time in the person's time zone on hover."""
    if at is None:
        return format_html('<span class="ago">{}</span>', "–")
    exact = f"{timezone.localtime(at, _zone(context)):%-d %b %Y, %H:%M:%S %Z}"
    text = formatting.ago_text(at, now=timezone.now())
    return format_html(
        '<time class="ago" datetime="{}" title="{}" data-ago>{}</time>', at.astimezone(UTC).isoformat(), exact, text
    )


@register.simple_tag
def ago_texts() -> list[tuple[int, list[str], list[str]]]:
    """The texts with which static/panel/panel.js keeps the times of `ago` fresh."""
    return formatting.ago_templates()


@register.simple_tag(takes_context=True)
def exact_time(context: Context, at: datetime | None) -> str:
    """The exact time in the person's time zone (UTC if none is set), with the zone's name."""
    return "–" if at is None else f"{timezone.localtime(at, _zone(context)):%-d %b %Y, %H:%M %Z}"


@register.inclusion_tag("components/delivered.html")
def delivered(now: int, target: int, state: str = "In progress", start: int | None = None, full: bool = False) -> Any:
    """The progress bar of an order: `now` of `target` units. `start` is the count before; `full` shows all three."""
    return {
        "now": now,
        "target": target,
        "percent": formatting.percent_of(now, target),
        "tone": icons.badge_of(str(state)).tone,
        "has_points": full and start is not None,
        "points": ((_("Start"), start), (_("Now"), (start or 0) + now), (_("Target"), (start or 0) + target)),
    }


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "", help: str = "", suffix: str = "") -> Any:  # noqa: A002
    """A form field with its label, help text and errors, connected for screen readers."""
    return field_context(bound, label=label, help_text=help) | {"suffix": suffix}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: Any) -> Any:
    """The errors of the form as a whole and of its hidden fields."""
    hidden = [error for bound in form.hidden_fields() for error in bound.errors]
    return {"errors": [*form.non_field_errors(), *hidden]}


@register.inclusion_tag("components/blank.html")
def empty_state(title: str, text: str = "", icon: str = "inbox", action: str = "", url: str = "") -> Any:
    """Shown where there is nothing yet: what this is for, and the first step."""
    return {"title": title, "text": text, "icon": icon, "action": action, "url": url}


@register.inclusion_tag("components/blank.html")
def error_state(title: str, text: str = "", action: str = "", url: str = "") -> Any:
    """Shown where something failed: what happened, what is safe, what to do. `url` is where to try again."""
    return {
        "title": title,
        "text": text,
        "icon": "exclamation-triangle",
        "action": action or _("Try again"),
        "url": url,
        "is_error": True,
    }


@register.inclusion_tag("components/notice.html")
def notice(text: str, tone: str = "blue") -> Any:
    """A message in the page; `tone` is blue, green, amber or red."""
    icons = {"green": "check-circle", "amber": "exclamation-triangle", "red": "exclamation-circle"}
    return {"text": text, "tone": tone, "icon": icons.get(tone, "info-circle")}


@register.inclusion_tag("components/skeleton.html")
def skeleton(rows: int = 5) -> Any:
    """A placeholder for rows that are loading."""
    return {"rows": range(rows)}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: "Page[Any]", target: str = "") -> Any:
    """Links to the previous and next page that keep the rest of the URL; with `target`, htmx swaps them in."""
    return {"page": page, "target": target, "request": context["request"]}


@register.inclusion_tag("shell/links.html", takes_context=True)
def shell_links(context: Context, group: str, css: str) -> Any:
    """The links of a `group`: customer, staff, or a customer's links in a phone's bottom bar ("bar") or "menu"."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    pages: tuple[navigation.Page, ...] = navigation.STAFF if group == "staff" else navigation.CUSTOMER
    if group in {"bar", "menu"}:
        pages = tuple(page for page in pages if page.in_menu == (group == "menu"))
    user = getattr(request, "user", None)
    pages = tuple(page for page in pages if not page.permission or (user and user.has_perm(page.permission)))
    counts = context.get("sidebar_counts") or {}
    pages = tuple(page for page in pages if not page.only_counted or page.name in counts)
    existing = navigation.existing(pages, here=match.view_name if match else "")
    return {"pages": [(page, counts.get(page.name)) for page in existing], "css": css}


def _svg(sheet: str, name: str, *, label: str = "", css: str = "icon") -> SafeString:
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', css, label, static(sheet), name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static(sheet), name)


def _decimal(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, bool | float):
        raise TypeError("Money is a Decimal.")
    return Decimal(amount)


def _zone(context: Context) -> tzinfo:
    return zones.zone_of(getattr(getattr(context.get("request"), "user", None), "time_zone", ""))
