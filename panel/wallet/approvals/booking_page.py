"""The admin page for booking money: enter amount and reason, then confirm a summary of what will happen.

Used for customers' balances and for deposits at providers. Works without JavaScript.
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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.lib.money import AmountError, parse_amount
from panel.wallet.approvals.requests import keep_request
from panel.wallet.approvals.second_approval import SecondApprovalNeededError
from panel.web.access import actor_of
from panel.web.formatting import money_text


class BookingError(Exception):
    """It cannot be booked; nothing moved. The message is for the member of staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One kind of booking: its texts, the balance it changes and the function that books it.

    `book(amount, reason, token)` returns False if the token was booked before; it raises BookingError. The texts are
    sentences with %(amount)s, %(account)s, %(before)s and %(after)s.
    """

    title: str
    currency: str
    balance: Decimal
    may_fall_below_zero: bool
    amount_help: str
    credit_text: str
    debit_text: str
    account: str
    book: Callable[[Decimal, str, str], bool]
    back: str
    trail: Mapping[str, str]


class BookingForm(forms.Form):
    """Asks for amount and reason. The token identifies the booking, so that a double click books once."""

    amount = forms.CharField(
        label=_lazy("Amount"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        label=_lazy("Reason"), max_length=200, help_text=_lazy("The customer sees this in their statement.")
    )
    token = forms.RegexField(
        r"^[0-9a-f]{32}\Z",
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), _lazy("This page has expired. Open it again.")),
    )

    def __init__(self, booking: Booking, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.booking = booking
        self.fields["amount"].help_text = booking.amount_help
        if booking.may_fall_below_zero:
            self.fields["reason"].help_text = _("Only staff can see this.")

    def clean_amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cleaned_data["amount"].replace("\N{MINUS SIGN}", "-"))
        except AmountError as error:
            raise forms.ValidationError(str(error)) from None
        if not amount:
            raise forms.ValidationError(_("Enter an amount other than zero."))
        # On confirmation the booking itself decides: the same token may have been booked before.
        is_checked = "confirmed" in self.data or self.booking.may_fall_below_zero
        if not is_checked and self.booking.balance + amount < 0:
            balance = money_text(self.booking.balance, currency=self.booking.currency)
            raise forms.ValidationError(_("The balance is only %(balance)s.") % {"balance": balance})
        return amount


def booking_page(request: HttpRequest, booking: Booking) -> HttpResponse:
    """Show the form, then the summary, then book and redirect to `booking.back`."""
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
        text = _("Booked: %(amount)s.")
        messages.success(request, text % {"amount": money_text(amount, currency=booking.currency, plus=True)})
    else:
        messages.warning(request, _("This was already booked. Nothing was booked twice."))
    return redirect(booking.back)


def _sentence(booking: Booking, amount: Decimal) -> str:
    def text(of: Decimal) -> str:
        return money_text(of, currency=booking.currency)

    sentence = booking.credit_text if amount > 0 else booking.debit_text
    before, after = text(booking.balance), text(booking.balance + amount)
    return sentence % {"amount": text(abs(amount)), "account": booking.account, "before": before, "after": after}


def _page(
    request: HttpRequest, booking: Booking, form: BookingForm, *, sentence: str = "", status: int = 200
) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": booking.title, "booking": booking, "form": form}
    return render(request, "admin/booking.html", {**context, "sentence": sentence}, status=status)
