"""The account page: name and time zone, the ways to sign in, and signing out everywhere else."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from panel.customers.forms import ProfileForm
from panel.customers.models import User
from panel.customers.sessions import end_sessions
from panel.customers.signed_in import customer_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Shows the account, and saves name and time zone. A wrong form comes back with status 422."""
    user = customer_of(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(
        request, "account/account.html", {"form": form, "has_two_factor": is_mfa_enabled(user)}, status=status
    )


@login_required
@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the person but this one."""
    user = customer_of(request)
    end_sessions(user=user, actor=user.email)
    update_session_auth_hash(request, user)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("account")
