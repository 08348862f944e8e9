"""The admin's page on which a person books money: amount and reason, then what exactly will happen, then the click.

Used for a customer's balance and for a provider's deposits. Both steps work without JavaScript.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from panel.lib.money import AmountError, parse_amount
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.web.access import actor_of
from panel.web.formatting import money_text


class BookingError(Exception):
    """It cannot be booked; nothing moved. The message is for the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One kind of booking: its words, the balance that it changes, and the call that books it.

    `book(amount, reason, token)` says whether it booked now, or had before under the same token; raises BookingError.
    `puts` and `takes` are sentences with {amount}, {before} and {after}.
    """

    title: str
    currency: str
    balance: Decimal
    may_fall_below_zero: bool
    amount_help: str
    puts: str
    takes: str
    book: Callable[[Decimal, str, str], bool]
    back: str
    trail: Mapping[str, str]


class BookingForm(forms.Form):
    """An amount, why, and a token by which the same click is the same booking."""

    amount = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    reason = forms.CharField(max_length=200, help_text="Kept with the booking. The customer reads it in the statement.")
    token = forms.RegexField(
        r"^[0-9a-f]{32}\Z",
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "This page is out of date: open it again."),
    )

    def __init__(self, booking: Booking, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.booking = booking
        self.fields["amount"].help_text = booking.amount_help
        if booking.may_fall_below_zero:
            self.fields["reason"].help_text = "Kept with the booking."

    def clean_amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cleaned_data["amount"].replace("\N{MINUS SIGN}", "-"))
        except AmountError as error:
            raise forms.ValidationError(str(error)) from None
        if not amount:
            raise forms.ValidationError("Nothing would move: the amount is zero.")
        # At the confirming click the booking itself decides: it may have been booked by the click before.
        is_checked = "confirmed" in self.data or self.booking.may_fall_below_zero
        if not is_checked and self.booking.balance + amount < 0:
            held = money_text(self.booking.balance, currency=self.booking.currency)
            raise forms.ValidationError(f"There is only {held} in the wallet.")
        return amount


def booking_page(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Ask, show what will happen, and book at the confirming click; then back to where the person came from."""
    if request.method != "POST":
        return _page(request, booking, BookingForm(booking, initial={"token": secrets.token_hex(16)}))
    form = BookingForm(booking, request.POST)
    if not form.is_valid():
        return _page(request, booking, form, status=422)
    if "confirmed" not in request.POST:
        return _page(request, booking, form, sentence=_sentence(booking, form.cleaned_data["amount"]))
    amount = form.cleaned_data["amount"]
    try:
        is_new = booking.book(amount, form.cleaned_data["reason"], form.cleaned_data["token"])
    except BookingError as error:
        form.add_error("amount", str(error))
        return _page(request, booking, form, status=422)
    except SecondApprovalNeededError as needed:
        messages.warning(request, keep_request(needed, actor=actor_of(request), now=timezone.now()))
        return redirect(booking.back)
    if is_new:
        messages.success(request, f"Booked: {money_text(amount, currency=booking.currency, plus=True)}.")
    else:
        messages.warning(request, "This was booked before. Nothing was booked a second time.")
    return redirect(booking.back)


def _sentence(booking: Booking, amount: Decimal) -> str:
    def text(of: Decimal) -> str:
        return money_text(of, currency=booking.currency)

    words = booking.puts if amount > 0 else booking.takes
    return words.format(amount=text(abs(amount)), before=text(booking.balance), after=text(booking.balance + amount))


def _page(
    request: HttpRequest, booking: Booking, form: BookingForm, *, sentence: str = "", status: int = 200
) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": booking.title, "booking": booking, "form": form}
    return render(request, "admin/booking.html", {**context, "sentence": sentence}, status=status)
