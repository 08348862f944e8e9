"""Turns on the second factor and creates recovery codes: the pages that show codes once. The rest is allauth's."""

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from panel.customers.sign_in.recovery_codes import codes_left, make_recovery_codes
from panel.customers.signed_in import customer_of


class ActivateTwoFactorView(ActivateTOTPView):  # type: ignore[misc] # allauth is not typed
    """Turns on the second factor, and shows the recovery codes that come with it."""

    did_generate_recovery_codes = False

    def form_valid(self, form: object) -> HttpResponse:
        super().form_valid(form)
        return _show_new_codes(self.request, _authenticator(self.request))


@login_required
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator] # as above
@require_http_methods(["GET", "HEAD", "POST"])
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Asks before it creates new codes, and shows them once. Without a second factor there are none."""
    authenticator = _authenticator(request)
    if authenticator is None:
        return redirect("mfa_index")
    if request.method == "POST":
        return _show_new_codes(request, authenticator)
    left = codes_left(user=customer_of(request))
    return render(request, "mfa/recovery_codes/generate.html", {"unused_code_count": left})


def _show_new_codes(request: HttpRequest, authenticator: Authenticator | None) -> HttpResponse:
    if authenticator is None:
        return redirect("mfa_index")
    codes = make_recovery_codes(authenticator=authenticator)
    return render(request, "mfa/recovery_codes/index.html", {"codes": codes, "text": "\n".join(codes)})


def _authenticator(request: HttpRequest) -> Authenticator | None:
    """The user's authenticator app."""
    return Authenticator.objects.filter(user=customer_of(request), type=Authenticator.Type.TOTP).first()
