"""Customers and staff in the admin. Accounts are never deleted, and nobody can change their own permissions."""

from typing import Any

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 (registers what is replaced or taken off below)
import django.contrib.auth.admin  # noqa: F401 (as above)
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from panel.customers.forms import time_zone_field
from panel.customers.keys import revoke_key
from panel.customers.models import ApiKey, User
from panel.customers.sessions import end_sessions
from panel.customers.suspension import SuspensionError, reactivate, suspend
from panel.ops import audit
from panel.ops.admin_forms.base import ReadOnlyAdmin, RecordAdmin, actor_of, is_superuser
from panel.web.access import confirm_it_is_you, need
from panel.web.templatetags.panel import money
from panel.web.text_input import read_reason

PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class NewUserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Creates a customer or a member of staff."""

    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        label=_lazy("Password"),
        help_text=_lazy("Leave empty to let the customer set one with “Forgot your password?”."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "is_staff")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("A user with this email already exists."))
        return email

    def clean_password(self) -> str:
        if self.cleaned_data["password"]:
            validate_password(self.cleaned_data["password"], User(email=self.cleaned_data.get("email", "")))
        return str(self.cleaned_data["password"])


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """Changes a user."""

    time_zone = time_zone_field()


@admin.register(User)
class UserAdmin(RecordAdmin):
    form = UserForm
    list_display = ("email", "name", "balance", "orders_made", "is_active", "is_staff", "date_joined")
    list_select_related = ("wallet",)
    list_filter = ("is_active", "is_staff", ("suspended_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "name", "=id")
    ordering = ("-pk",)
    actions = ("switch_on", "switch_off", "sign_out")
    readonly_fields = (
        "email",
        "balance",
        "orders_made",
        "suspended_at",
        "suspension_reason",
        "date_joined",
        "last_login",
    )
    filter_horizontal = ("groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("email", "name", "time_zone", "is_active")}),
        (
            _lazy("Account"),
            {"fields": ("balance", "orders_made", "suspended_at", "suspension_reason", "date_joined", "last_login")},
        ),
        (_lazy("Permissions"), {"fields": PERMISSION_FIELDS}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        made = User.objects.filter(pk=OuterRef("pk")).annotate(made=Count("orders")).values("made")
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(made=Subquery(made))

    @admin.display(description=_lazy("balance"), ordering="wallet__balance")
    def balance(self, user: User) -> str:
        wallet = getattr(user, "wallet", None)
        return money(wallet.balance, wallet.currency) if wallet else "–"

    @admin.display(description=_lazy("orders"))
    def orders_made(self, user: User) -> str:
        return f"{getattr(user, 'made', 0):,}"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers can change staff: others could lock the owner out."""
        if obj is not None and obj.is_staff and not is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return () if is_superuser(request) else ("is_staff",)
        is_own_account = obj.pk == request.user.pk
        if is_superuser(request) and not is_own_account:
            return self.readonly_fields
        return (*self.readonly_fields, *PERMISSION_FIELDS, *(("is_active",) if is_own_account else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fieldsets if obj else ((None, {"fields": ("email", "name", "password", "is_staff")}),)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Asks the member of staff to confirm who they are before a user is created or changed."""
        if request.method == "POST":
            confirm_it_is_you(request, keeps_form=object_id is not None)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.suspend)
        return [path("<int:user_id>/freeze/", view, name="customers_user_freeze"), *super().get_urls()]

    def suspend(self, request: HttpRequest, user_id: int) -> HttpResponse:
        """Suspend or reactivate a customer, with a reason."""
        need(request, "customers.change_user")
        customer = get_object_or_404(User, pk=user_id)
        reason, error = read_reason(request), ""
        if request.method == "POST":
            try:
                if request.POST.get("do") == "reactivate":  # what the page offered, even if a colleague was faster
                    reactivate(customer=customer, reason=reason, actor=actor_of(request))
                else:
                    suspend(customer=customer, reason=reason, actor=actor_of(request), now=timezone.now())
            except SuspensionError as problem:
                error = str(problem)
            else:
                message = _("Account reactivated.") if customer.is_suspended else _("Account suspended.")
                messages.success(request, message)
                return redirect("admin:customers_user_change", customer.pk)
        context = {**self.admin_site.each_context(request), "customer": customer, "reason": reason, "error": error}
        title = _("Reactivate %(customer)s") if customer.is_suspended else _("Suspend %(customer)s")
        context["title"] = title % {"customer": customer.email}
        return render(request, "admin/suspend.html", context, status=422 if error else 200)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_password(form.cleaned_data["password"] or None)
        super().save_model(request, obj, form, change)
        if not change:
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=True)

    @admin.action(description=_lazy("Activate: they can sign in"), permissions=["change"])
    def switch_on(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._switch(request, users, is_active=True)

    @admin.action(description=_lazy("Deactivate: they can't sign in"), permissions=["change"])
    def switch_off(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self._switch(request, users, is_active=False)

    @admin.action(description=_lazy("Sign out on all devices"), permissions=["change"])
    def sign_out(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Only superusers can sign out staff."""
        chosen = User.objects.filter(pk__in=users.values("pk"))
        found = chosen if is_superuser(request) else chosen.filter(is_staff=False)
        for user in found:
            end_sessions(user=user, actor=actor_of(request))
        messages.success(
            request,
            ngettext("%(count)d user signed out.", "%(count)d users signed out.", len(found)) % {"count": len(found)},
        )

    def _switch(self, request: HttpRequest, users: QuerySet[User], *, is_active: bool) -> None:
        """Leaves staff as they are: a superuser changes them on their own page."""
        count = 0
        for user in User.objects.filter(pk__in=users.values("pk"), is_staff=False).exclude(is_active=is_active):
            User.objects.filter(pk=user.pk).update(is_active=is_active)
            action = "user.activate" if is_active else "user.deactivate"
            audit.record(actor=actor_of(request), action=action, target=f"user:{user.pk}")
            count += 1
        if is_active:
            message = ngettext("%(count)d customer activated.", "%(count)d customers activated.", count)
        else:
            message = ngettext("%(count)d customer deactivated.", "%(count)d customers deactivated.", count)
        messages.success(request, f"{message % {'count': count}} {_('Staff accounts are not changed here.')}")


for replaced in (Group, EmailAddress, Authenticator, UserSession):  # sessions are ended by "Sign out on all devices"
    admin.site.unregister(replaced)


@admin.register(Group)
class GroupAdmin(RecordAdmin):
    """Roles and their permissions, which only superusers change."""

    list_display = ("name",)
    filter_horizontal = ("permissions",)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            confirm_it_is_you(request, keeps_form=True)
        return super().changeform_view(request, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email",)
    ordering = ("-pk",)


@admin.register(Authenticator)
class AuthenticatorAdmin(RecordAdmin):
    """Second factors, without their secrets. A superuser removes one if its owner has lost the phone."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            confirm_it_is_you(request, keeps_form=True)
        return super().delete_view(request, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.record_deletion(request, obj)
        super().delete_model(request, obj)


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Customers' API keys, identified by their prefix. Staff can revoke them."""

    list_display = ("prefix", "name", "customer", "is_read_only", "created_at", "last_used_at", "ends_at")
    list_select_related = ("customer",)
    list_filter = ("is_read_only",)
    search_fields = ("=prefix", "name", "customer__email")
    fields = (
        "prefix", "name", "customer", "is_read_only", "allowed_networks", "created_at", "last_used_at", "ends_at"
    )  # fmt: skip
    actions = ("revoke",)
    ordering = ("-pk",)

    @admin.action(description=_lazy("Revoke API keys"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        for key in keys:
            revoke_key(key=key, actor=actor_of(request), now=timezone.now())
        messages.success(request, _("API keys revoked."))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("customers.change_apikey"))
