"""Every component, rendered."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory

from panel.customers.models import User


def show(source: str, **context: Any) -> str:
    return Template("{% load panel %}" + source).render(Context(context)).strip()


class OrderForm(forms.Form):
    link = forms.URLField(label="Link", help_text="The public address.", assume_scheme="https")
    quantity = forms.IntegerField(min_value=100)
    note = forms.CharField(required=False, widget=forms.Textarea)
    agree = forms.BooleanField(label="I agree")
    token = forms.CharField(widget=forms.HiddenInput)
    secret = forms.CharField(widget=forms.PasswordInput(attrs={"placeholder": "Secret"}))

    def clean(self) -> dict[str, Any]:
        raise forms.ValidationError("The balance is too low.")


def test_money_shows_what_is_needed_and_all_of_it_on_hover() -> None:
    assert (
        show('{% money amount "USD" %}', amount=Decimal("1234.5"))
        == '<span class="money" title="1,234.500000 USD">$1,234.50</span>'
    )
    assert (
        show("{% money amount plus=True %}", amount=Decimal("2"))
        == '<span class="money is-in" title="2.000000 USD">+$2.00</span>'
    )
    sums = '{% money amount "USD" rounded=True %}'
    assert ">$1,234.57<" in show(sums, amount=Decimal("1234.567891"))
    assert 'title="1,234.567891 USD"' in show(sums, amount=Decimal("1234.567891"))
    assert ">−$0.004<" in show(sums, amount=Decimal("-0.004"))
    assert show("{% money nothing %}") == '<span class="money">–</span>'
    assert show('{{ amount|money_text:"EUR" }}', amount=Decimal("0.0004")) == "€0.0004"


def test_money_is_no_float() -> None:
    with pytest.raises(TypeError):
        show("{% money amount %}", amount=1.5)


def test_thousands() -> None:
    assert show("{{ n|thousands }}", n=12500) == "12,500"
    assert show("{{ n|thousands }}", n=None) == "–"


def test_a_state_has_its_word_colour_and_icon() -> None:
    badge = show('{% state_badge "In progress" %}')
    assert badge.startswith('<span class="state tone-blue"><svg class="icon" aria-hidden="true">')
    assert "icons.svg#state-progress" in badge
    assert badge.endswith("In progress</span>")
    assert show('{{ "Partial"|tone }}') == "tone-amber"


def test_what_a_state_says_is_escaped() -> None:
    assert "&lt;b&gt;" in show("{% state_badge word %}", word="<b>")


def test_icons_are_silent_unless_they_are_named() -> None:
    assert 'aria-hidden="true"' in show('{% icon "wallet2" %}')
    named = show('{% icon "arrow-repeat" label="Refill" %}')
    assert 'role="img" aria-label="Refill"' in named
    assert 'aria-label="TikTok"' in show("{% platform_icon link %}", link="https://tiktok.com/@a")


def test_the_delivered_bar() -> None:
    short = show("{% delivered 437 1000 state='Partial' %}")
    assert 'class="delivered tone-amber"' in short
    assert 'value="43" max="100" aria-label="Delivered: 437 of 1,000"' in short
    assert "<dt>" not in short
    long = show("{% delivered 437 1000 start=1200 full=True %}")
    assert "<dt>Start</dt><dd>1,200</dd>" in long
    assert "<dt>Now</dt><dd>1,637</dd>" in long
    assert "<dt>Target</dt><dd>2,200</dd>" in long
    assert "<dt>" not in show("{% delivered 437 1000 start=None full=True %}")


@time_machine.travel(datetime(2026, 3, 3, 12, 0, tzinfo=UTC), tick=False)
def test_times_are_relative_with_the_exact_one_in_the_persons_zone() -> None:
    request = RequestFactory().get("/")
    request.user = User(time_zone="Asia/Tokyo")
    at = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    shown = show("{% ago at %}", at=at, request=request)
    assert shown.startswith('<time class="ago" datetime="2026-03-03T09:00:00+00:00"')
    assert shown.endswith('title="3 Mar 2026, 18:00:00 JST" data-ago>3 h ago</time>')
    assert show("{% ago at %}", at=at).count("09:00:00 UTC") == 1
    assert show("{% exact_time at %}", at=at, request=request) == "3 Mar 2026, 18:00 JST"
    assert show("{% ago at %}", at=None) == '<span class="ago">–</span>'


def test_a_field_is_tied_to_its_help_and_its_error() -> None:
    form = OrderForm({"link": "no link", "quantity": "5"})
    link = show("{% field form.link %}", form=form)
    assert '<label class="form-label" for="id_link">Link</label>' in link
    assert 'aria-describedby="id_link_help id_link_error"' in link
    assert 'aria-invalid="true"' in link
    assert 'class="form-control"' in link
    assert '<div class="field-help" id="id_link_help">The public address.</div>' in link
    assert '<div id="id_link_error"><p class="field-error">' in link
    assert "<span>Enter a valid URL.</span>" in link


def test_a_field_without_help_or_error_describes_nothing() -> None:
    note = show("{% field form.note %}", form=OrderForm())
    assert "aria-describedby" not in note
    assert "aria-invalid" not in note
    assert "(optional)" in note


def test_fields_of_other_kinds() -> None:
    form = OrderForm()
    assert "form-check-input" in show("{% field form.agree %}", form=form)
    assert show("{% field form.token %}", form=form).startswith('<input type="hidden"')
    secret = show("{% field form.secret %}", form=form)
    assert 'data-reveal="id_secret"' in secret
    assert 'placeholder=""' in secret
    assert '<span class="input-group-text">units</span>' in show('{% field form.quantity suffix="units" %}', form=form)


def test_what_is_wrong_with_the_whole_form_stands_above_it() -> None:
    form = OrderForm({"link": "x"})
    errors = show("{% form_errors form %}", form=form)
    assert 'role="alert"' in errors
    assert "<p>The balance is too low.</p>" in errors
    assert "<p>This field is required.</p>" in errors
    assert show("{% form_errors form %}", form=OrderForm()) == ""


def test_the_states_of_a_page() -> None:
    empty = show('{% empty_state title="No orders yet" text="They stand here." action="New order" url="/order/" %}')
    assert '<a class="btn btn-primary" href="/order/">New order</a>' in empty
    assert "role=" not in empty
    error = show('{% error_state title="Not loaded" text="Your orders are safe." url="/orders/" %}')
    assert 'role="alert"' in error
    assert '<a class="btn btn-secondary" href="/orders/">Try again</a>' in error
    assert show("{% skeleton 3 %}").count('<span aria-hidden="true">') == 3
    assert 'class="notice tone-amber"' in show('{% notice "Slow today." tone="amber" %}')


def test_pages_keep_the_rest_of_the_address() -> None:
    request = RequestFactory().get("/orders/?state=Partial&page=2")
    page = Paginator(range(10_000), 50).page(2)
    links = show('{% pagination page target="#orders" %}', page=page, request=request)
    assert "51–100 of 10,000" in links
    assert 'rel="prev" href="?state=Partial&amp;page=1"' in links
    assert 'rel="next" href="?state=Partial&amp;page=3" hx-get="?state=Partial&amp;page=3" hx-target="#orders"' in links
    alone = show("{% pagination page %}", page=Paginator(range(3), 50).page(1), request=request)
    assert "1–3 of 3" in alone
    assert "rel=" not in alone
    assert show("{% pagination page %}", page=Paginator([], 50).page(1), request=request) == ""
