"""The account page: name and time zone, the ways to sign in, where one is signed in, and ending that."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panel.customers.forms import ProfileForm
from panel.customers.models import User
from panel.customers.sessions import end_session, end_sessions, signed_in
from panel.customers.signed_in import customer_of
from panel.web.access import confirm_it_is_you


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Shows the account, and saves name and time zone. A wrong form comes back with status 422."""
    user = customer_of(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        User.objects.filter(pk=user.pk).update(**{name: form.cleaned_data[name] for name in form.changed_data})
        messages.success(request, "Your profile is saved.")
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(
        request, "account/account.html", {"form": form, "has_two_factor": is_mfa_enabled(user)}, status=status
    )


@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in."""
    found = signed_in(user=customer_of(request), session_key=request.session.session_key)
    return render(request, "account/sessions.html", {"sessions": found})


@login_required
@require_POST
def sign_out(request: HttpRequest, session_id: int) -> HttpResponse:
    """Ends one session of the person's."""
    confirm_it_is_you(request, keeps_form=True)
    user = customer_of(request)
    if end_session(user=user, session_id=session_id, actor=user.email):
        messages.success(request, "That device is signed out.")
    else:
        messages.info(request, "That device was signed out already.")
    return redirect("usersessions_list")


@login_required
@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the person but this one."""
    confirm_it_is_you(request, keeps_form=True)
    user = customer_of(request)
    end_sessions(user=user, actor=user.email)
    update_session_auth_hash(request, user)
    messages.success(request, "You are signed out everywhere else.")
    return redirect("account")
