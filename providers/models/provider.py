"""A provider: its address and key, what staff set for it, and the state that the jobs keep on its row."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from panel.lib import crypto
from panel.lib.database.fields import AmountField, ExchangeRateField
from panel.lib.secret import Secret

PROBES_TO_TRUST = 20
"""So many verdicts of the evidence have to be shared by people, and none contradicted, before it may decide."""


class Provider(models.Model):
    """An upstream provider. Its key is sealed to this row; `set_key` and `open_key` are the only ways to it."""

    class Probing(models.TextChoices):
        OFF = "off", "no: every doubt waits for a person"
        SHADOW = "shadow", "yes, and a person decides"
        ADOPT = "adopt", "yes, and what was clearly placed goes on by itself"

    class NewServices(models.TextChoices):
        ALL = "all", "put new services on sale at once"
        REVIEW = "review", "wait for a person"

    class LowMargin(models.TextChoices):
        HIDE = "hide", "take it off sale"
        MARK = "mark", "sell it, marked for staff"

    class HeldList(models.TextChoices):
        EMPTY = "empty", "it is empty"
        SMALL = "small", "it is suddenly small"
        CURRENCY = "currency", "it is in another currency"

    name = models.CharField(max_length=100, unique=True)
    adapter = models.CharField(max_length=20, default="v2", editable=False)
    url = models.CharField("API address", max_length=300)
    sealed_key = models.TextField(editable=False, blank=True)
    key_hint = models.CharField(max_length=4, editable=False, blank=True)
    currency = models.CharField(max_length=8, default="USD")
    exchange_rate = ExchangeRateField(default=1, help_text="What one unit of its currency is worth in the shop's.")
    new_services = models.CharField("new services", max_length=10, choices=NewServices, default=NewServices.ALL)
    low_margin = models.CharField(
        "under the smallest margin",
        max_length=4,
        choices=LowMargin,
        default=LowMargin.HIDE,
        help_text="What becomes of a service there. Below its cost none is sold, unless its own page allows it.",
    )
    is_active = models.BooleanField("active", default=True, help_text="Switched off: nothing is sent, orders wait.")
    low_balance = AmountField(default=10, help_text="An alert is raised when our balance there falls below this.")
    drift_threshold = AmountField(
        default=1, help_text="An alert is raised when their balance and our books differ by more, twice in a row."
    )
    runway_hours = models.PositiveSmallIntegerField(
        "lasts at least",
        default=12,
        help_text="Hours. An alert is raised when our balance lasts less at the pace of spending; 0: never.",
    )
    accepted_missing = AmountField(
        default=0, editable=False, help_text="What staff knew to be missing when they had placing go on."
    )
    hold_rise_percent = models.PositiveSmallIntegerField(
        "hold a rise of",
        default=50,
        validators=[MaxValueValidator(900)],
        help_text="In per cent: a service whose price rises by more at once is off sale until somebody accepts it.",
    )
    hold_fall_percent = models.PositiveSmallIntegerField(
        "hold a fall of",
        default=50,
        validators=[MaxValueValidator(90)],
        help_text="The same for a price that falls.",
    )
    hold_alike_percent = models.PositiveSmallIntegerField(
        "hold all at",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="In per cent of its services: where the prices of more change by one factor within a day, its "
        "currency or unit may have changed, and nothing of it is sold until somebody accepts it.",
    )
    probing = models.CharField(
        "looking into doubts",
        max_length=8,
        choices=Probing,
        default=Probing.SHADOW,
        help_text="Orders of one and the same cost are sent one at a time, so that a doubtful one can be told by it.",
    )
    probes_right = models.PositiveIntegerField(default=0, editable=False, help_text="Verdicts that a person shared.")
    probes_wrong = models.PositiveIntegerField(default=0, editable=False)
    ids_seen_to = models.BigIntegerField(
        null=True, editable=False, help_text="Up to this order id of ours there, all others were looked at."
    )
    services_digest = models.CharField(max_length=64, blank=True, editable=False)
    synced_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a sync last changed something in the mirror."
    )
    published_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The synced_at that the shelf has followed."
    )
    published_margin = models.IntegerField(
        null=True, editable=False, help_text="The MINIMUM_MARGIN_PERCENT that the shelf has followed."
    )
    sync_failures = models.PositiveIntegerField(default=0, editable=False)
    sync_error = models.CharField(max_length=200, blank=True, editable=False)
    held_list = models.CharField(
        max_length=10, blank=True, choices=HeldList, editable=False, help_text="Why its list is not believed."
    )
    prices_held_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when it is not sold, as its prices changed alike."
    )
    prices_accepted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a person last accepted such a change."
    )
    unknown_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    unreached_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    trips_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    breaker_open_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The breaker is open until then."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="provider_exchange_rate_positive")]

    def __str__(self) -> str:
        return self.name

    @property
    def paused_reason(self) -> str:
        """The first of the reasons why it is paused; empty where there is none."""
        return next((pause.reason for pause in self.pauses.all()), "")

    @property
    def may_adopt(self) -> bool:
        """Whether people have shared enough verdicts, and contradicted none, to let evidence decide by itself."""
        return self.probes_right >= PROBES_TO_TRUST and not self.probes_wrong

    @property
    def account(self) -> str:
        """The ledger's name of our prepaid money there."""
        return f"provider:{self.pk}"

    @property
    def cost_account(self) -> str:
        """The ledger's name of what it cost us."""
        return f"cost:{self.pk}"

    @property
    def is_catalog_behind(self) -> bool:
        """Whether the shelf did not follow the last sync, or the minimum margin was set anew since."""
        return self.synced_at != self.published_at or self.published_margin != settings.MINIMUM_MARGIN_PERCENT

    def set_key(self, key: Secret) -> None:
        """Seal `key` to this row, which must have been saved before; the caller saves the two key fields."""
        self.sealed_key = crypto.seal(key, place=self._key_place(), keys=settings.DATA_KEYS)
        self.key_hint = key.reveal()[-4:] if len(key.reveal()) >= 12 else ""

    def open_key(self) -> Secret:
        """The API key. Raises SealError when it was not sealed for this row or the data key is gone."""
        return crypto.unseal(self.sealed_key, place=self._key_place(), keys=settings.DATA_KEYS)

    def _key_place(self) -> str:
        if self.pk is None:
            raise ValueError("Save the provider before its key: the key is sealed to the row.")
        return f"providers_provider:{self.pk}:key"
