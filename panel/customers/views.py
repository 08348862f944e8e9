"""The account page: profile, sign-in and security, and the devices where the user is signed in."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panel.customers.forms import ProfileForm
from panel.customers.models import User
from panel.customers.sessions import active_sessions, end_session, end_sessions
from panel.customers.signed_in import customer_of
from panel.web.access import confirm_it_is_you


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Shows the account and saves the profile. An invalid form is shown again with status 422."""
    user = customer_of(request)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        User.objects.filter(pk=user.pk).update(**{name: form.cleaned_data[name] for name in form.changed_data})
        messages.success(request, _("Profile saved."))
        return redirect("account")
    status = 422 if form.is_bound else 200
    return render(
        request, "account/account.html", {"form": form, "has_two_factor": is_mfa_enabled(user)}, status=status
    )


@login_required
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """The devices where the user is signed in."""
    found = active_sessions(user=customer_of(request), session_key=request.session.session_key)
    return render(request, "account/sessions.html", {"sessions": found})


@login_required
@require_POST
def sign_out(request: HttpRequest, session_id: int) -> HttpResponse:
    """Ends one session of the user."""
    confirm_it_is_you(request, keeps_form=True)
    user = customer_of(request)
    if end_session(user=user, session_id=session_id, actor=user.email):
        messages.success(request, _("Device signed out."))
    else:
        messages.info(request, _("This device was already signed out."))
    return redirect("usersessions_list")


@login_required
@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the user except this one."""
    confirm_it_is_you(request, keeps_form=True)
    user = customer_of(request)
    end_sessions(user=user, actor=user.email)
    update_session_auth_hash(request, user)
    messages.success(request, _("Signed out on all other devices."))
    return redirect("account")
