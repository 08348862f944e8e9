"""Records for the people who run the panel: alerts and their notifications, the audit trail, and job runs."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """A problem that needs attention. A subject has at most one open alert, which closes when its cause is gone."""

    class Level(models.TextChoices):
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    subject = models.CharField(max_length=80, help_text=_("What the alert is about, such as balance-low:3."))
    level = models.CharField(max_length=10, choices=Level)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text=_("When the cause was last seen."))
    taken_at = models.DateTimeField(null=True)
    taken_by = models.CharField(max_length=100, blank=True, help_text=_("Who the alert is assigned to."))
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=100, blank=True, help_text=_("Empty if it closed automatically."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(closed_at__isnull=True), name="alert_open_once")
        ]
        indexes = [
            models.Index(fields=["closed_at", "-opened_at"], name="alert_open"),
            models.Index(fields=["subject"], name="alert_subject"),
        ]

    def __str__(self) -> str:
        return self.title


class AlertNotice(models.Model):
    """A notification about an alert in one channel: due at `next_at`, and finished if that is empty.

    A test belongs to no alert. `target` is the chat of a channel that has several.
    """

    class Event(models.TextChoices):
        OPENED = "opened", _("Alert opened:")
        CLOSED = "closed", _("Alert closed:")
        TEST = "test", _("Test:")

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        TELEGRAM = "telegram", _("Telegram")
        WEBHOOK = "webhook", _("Webhook")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="notices")
    event = models.CharField(max_length=10, choices=Event)
    channel = models.CharField(max_length=10, choices=Channel)
    target = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True, default=timezone.now)
    tries = models.PositiveSmallIntegerField(
        default=0, help_text=_("Counted when a try begins, so that 0 was certainly not sent.")
    )
    tried_at = models.DateTimeField(null=True)
    is_delivered = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why the last try failed."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "event", "channel", "target"], name="alert_notice_once")
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="alert_notice_due")]

    def __str__(self) -> str:
        return f"{self.event} by {self.channel_name}"

    @property
    def channel_name(self) -> str:
        """The name of the channel, with the chat if there is one."""
        return f"{self.get_channel_display()} {self.target}".strip()

    @property
    def status(self) -> str:
        """One of: sent, not sent, retrying, waiting."""
        if self.next_at is None:
            return "sent" if self.is_delivered else "not sent"
        return "retrying" if self.reason else "waiting"


class AuditEvent(models.Model):
    """An entry of the audit trail: who did what to which record. Never changed or deleted."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=100)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [models.Index(fields=["target", "-at"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class JobRun(models.Model):
    """The lease of a job, so that it runs once at a time, and the result of its last run."""

    name = models.CharField(max_length=80, unique=True)
    lease_until = models.DateTimeField(null=True)
    holder = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    ok = models.BooleanField(default=True)
    summary = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class CacheEntry(models.Model):
    """The table of the cache "database", as Django's DatabaseCache expects it. Nothing else uses it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class DataKeyCheck(models.Model):
    """An encrypted text that every start decrypts, to check that DATA_KEYS belong to this database."""

    sealed = models.TextField()

    def __str__(self) -> str:
        return "data key check"


class SettledIds(models.Model):
    """The highest id of a table up to which no more rows will appear. Written by settled_ids.py alone."""

    table = models.CharField(max_length=63, unique=True)
    settled = models.BigIntegerField(default=0, help_text=_("No row with this id or a lower one will appear any more."))
    seen = models.BigIntegerField(default=0, help_text=_("The newest id at the last check."))
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.table} up to {self.settled}"
