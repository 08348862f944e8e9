"""What the people who run the panel need to know: alerts, who did what, and how the jobs fare."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Alert(models.Model):
    """Something a person should look at. One open alert a subject; it closes when the cause is gone."""

    class Level(models.TextChoices):
        WARNING = "warning"
        CRITICAL = "critical"

    subject = models.CharField(max_length=80, help_text="What it is about, such as balance-low:3.")
    level = models.CharField(max_length=10, choices=Level)
    title = models.CharField(max_length=200)
    detail = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When its cause was last met.")
    taken_at = models.DateTimeField(null=True)
    taken_by = models.CharField(max_length=100, blank=True, help_text="Who said that he looks after it.")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=100, blank=True, help_text="Empty: the panel, since its cause was gone.")

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
    """One message about an alert to one channel: due at `next_at`, and over where that is empty.

    A test belongs to no alert. `target` is the chat where a channel has several.
    """

    class Event(models.TextChoices):
        OPENED = "opened", "opening"
        CLOSED = "closed", "end"
        TEST = "test", "test"

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        TELEGRAM = "telegram", "Telegram"
        WEBHOOK = "webhook", "Webhook"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="notices")
    event = models.CharField(max_length=10, choices=Event)
    channel = models.CharField(max_length=10, choices=Channel)
    target = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(null=True, default=timezone.now)
    tries = models.PositiveSmallIntegerField(default=0, help_text="Counted as each begins: 0 was surely not told.")
    tried_at = models.DateTimeField(null=True)
    is_delivered = models.BooleanField(default=False)
    why = models.CharField(max_length=300, blank=True, help_text="Why it was not told at the last try.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "event", "channel", "target"], name="alert_notice_once")
        ]
        indexes = [models.Index(fields=["next_at"], condition=Q(next_at__isnull=False), name="alert_notice_due")]

    def __str__(self) -> str:
        return f"{self.event} by {self.way}"

    @property
    def way(self) -> str:
        """The channel, and the chat where there is one, in words."""
        return f"{self.get_channel_display()} {self.target}".strip()

    @property
    def word(self) -> str:
        """How it stands: Told, Not told, Failing or Waiting."""
        if self.next_at is None:
            return "Told" if self.is_delivered else "Not told"
        return "Failing" if self.why else "Waiting"


class AuditEvent(models.Model):
    """Who did what to which record. Only ever added to."""

    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=100)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["target", "-at"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"


class JobRun(models.Model):
    """One row a job: its lease, so that two beats are harmless, and how its last run went."""

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
    """The table of the cache "database", in the shape of Django's DatabaseCache; nothing else reads or writes it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class DataKeyCheck(models.Model):
    """One sealed text that every start opens: where it does not open, DATA_KEYS are not those of this database."""

    sealed = models.TextField()

    def __str__(self) -> str:
        return "data key check"


class SettledIds(models.Model):
    """Up to which id a table's rows are all there for good. Written by settled.py alone."""

    table = models.CharField(max_length=63, unique=True)
    settled = models.BigIntegerField(default=0, help_text="No row with this id or a lower one will appear any more.")
    seen = models.BigIntegerField(default=0, help_text="The newest id when it was last looked at.")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.table} up to {self.settled}"
