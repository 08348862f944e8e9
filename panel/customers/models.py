"""Users: customers and staff, who sign in by email; their API keys and recovery codes."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from panel.customers.emails import ascii_email, validate_ascii_email
from panel.lib.zones import validate_zone


class UserManager(BaseUserManager["User"]):
    """Makes users; an email address is kept in lower case and ASCII. Raises ValidationError where it can't be."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=ascii_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A customer or a member of staff. Never deleted, since the ledger refers to them: deactivated instead."""

    email = models.EmailField(_("email"), unique=True, validators=[validate_ascii_email])
    name = models.CharField(_("name"), max_length=100, blank=True)
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_zone],
        help_text=_("Leave empty to use the browser's time zone."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    suspended_at = models.DateTimeField(
        _("suspended"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Suspended customers can't place orders or add funds."),
    )
    suspension_reason = models.CharField(
        _("suspension reason"), max_length=200, blank=True, editable=False, help_text=_("Only staff can see this.")
    )
    repeat_seconds = models.PositiveSmallIntegerField(
        _("duplicate window in seconds"),
        default=0,
        validators=[MaxValueValidator(3600)],
        help_text=_(
            "An API order that repeats an order placed within this many seconds returns that order. 0 turns this off."
        ),
    )
    sessions_ended = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Ending all sessions raises this number; every session is bound to it.")
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [("view_as_user", "Can view the panel as a customer")]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_suspended(self) -> bool:
        """Whether staff stopped new orders and deposits. Earlier orders continue."""
        return self.suspended_at is not None

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """The hash that every session is checked against: it changes with the password and when all sessions end."""
        bound = f"{self.password}:{self.sessions_ended}"
        return salted_hmac("panel.customers.session", bound, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class ApiKey(models.Model):
    """An API key. Only a digest is stored; `prefix` is the visible beginning, by which the key is found."""

    customer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    is_read_only = models.BooleanField(_("read-only"), default=False)
    allowed_networks = models.JSONField(
        _("allowed IP addresses"), default=list, help_text=_("Leave empty to allow all addresses.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    ends_at = models.DateTimeField(_("expires"), null=True, help_text=_("Empty for a key that does not expire."))

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class RecoveryCodeQuerySet(models.QuerySet["RecoveryCode"]):
    """Recovery codes, with a filter for the unused ones."""

    def unused(self) -> "RecoveryCodeQuerySet":
        return self.filter(used_at=None)


class RecoveryCode(models.Model):
    """A one-time code that replaces the code of the authenticator it belongs to. Only a digest is stored."""

    authenticator = models.ForeignKey("mfa.Authenticator", on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    objects = RecoveryCodeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authenticator", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
