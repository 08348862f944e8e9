"""Who signs in: customers and staff alike, by e-mail."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from panel.customers.emails import ascii_email, validate_ascii_email
from panel.lib.zones import validate_zone


class UserManager(BaseUserManager["User"]):
    """Makes users; an email address is kept in lower case and ASCII. Raises ValidationError where it can't be."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user has an e-mail address.")
        user = self.model(email=ascii_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A customer, or a member of staff. Never deleted: switched off, since the books name them."""

    email = models.EmailField("e-mail", unique=True, validators=[validate_ascii_email])
    name = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[validate_zone], help_text="Empty: the browser's own."
    )
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("staff", default=False)
    date_joined = models.DateTimeField("joined", default=timezone.now)
    frozen_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since then nothing new is ordered and no money is added."
    )
    frozen_why = models.CharField(max_length=200, blank=True, editable=False, help_text="For staff alone.")
    repeat_seconds = models.PositiveSmallIntegerField(
        "same order within seconds",
        default=0,
        validators=[MaxValueValidator(3600)],
        help_text="An order through the API that is like one of the last so many seconds is that one. 0: never.",
    )
    sessions_ended = models.PositiveIntegerField(
        default=0, editable=False, help_text="How often all sessions were ended; every session is bound to it."
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        permissions = [("view_as_user", "Can see the panel as a customer does")]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    @property
    def is_frozen(self) -> bool:
        """Whether staff stopped new orders and top-ups; what was ordered before goes on."""
        return self.frozen_at is not None

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session is checked against: it changes with the password, and when all sessions are ended."""
        bound = f"{self.password}:{self.sessions_ended}"
        return salted_hmac("panel.customers.session", bound, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]


class ApiKey(models.Model):
    """A key to the API. Only a digest of it is kept; `prefix` is its visible beginning, by which it is found."""

    customer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    is_read_only = models.BooleanField(default=False)
    allowed_networks = models.JSONField(
        default=list, help_text="Addresses or networks that may use it; an empty list: all."
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True, help_text="From then on it opens nothing; empty: it does not end.")

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class RecoveryCodeQuerySet(models.QuerySet["RecoveryCode"]):
    """Recovery codes, for pages that count them."""

    def unused(self) -> "RecoveryCodeQuerySet":
        return self.filter(used_at=None)


class RecoveryCode(models.Model):
    """A code that stands in once for the second factor it belongs to, and is deleted with it. Only a digest is kept."""

    authenticator = models.ForeignKey("mfa.Authenticator", on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    objects = RecoveryCodeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authenticator", "digest"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"
