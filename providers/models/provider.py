"""A provider: its address and key, its settings, and the state that the jobs keep on its row."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _lazy

from panel.lib import crypto
from panel.lib.database.fields import AmountField, ExchangeRateField
from panel.lib.secret import Secret

PROBES_TO_TRUST = 20
"""Automatic decisions that staff must have confirmed, with none overruled, before the panel may decide by itself."""


class Provider(models.Model):
    """An upstream provider. Its API key is encrypted for this row; use `set_key` and `open_key`."""

    class Probing(models.TextChoices):
        OFF = "off", _lazy("Off: staff decide every order")
        SHADOW = "shadow", _lazy("On: show a suggestion, staff decide")
        ADOPT = "adopt", _lazy("On: continue orders that were clearly placed")

    class NewServices(models.TextChoices):
        ALL = "all", _lazy("Enable new services automatically")
        REVIEW = "review", _lazy("Keep new services disabled until reviewed")

    class LowMargin(models.TextChoices):
        HIDE = "hide", _lazy("Hide the service")
        MARK = "mark", _lazy("Keep selling it and mark it for staff")

    class HeldList(models.TextChoices):
        EMPTY = "empty", _lazy("The list is empty")
        SMALL = "small", _lazy("The list is unexpectedly short")
        CURRENCY = "currency", _lazy("The list is in another currency")

    name = models.CharField(max_length=100, unique=True)
    adapter = models.CharField(max_length=20, default="v2", editable=False)
    url = models.CharField(_lazy("API URL"), max_length=300)
    sealed_key = models.TextField(editable=False, blank=True)
    key_hint = models.CharField(max_length=4, editable=False, blank=True)
    currency = models.CharField(max_length=8, default="USD")
    exchange_rate = ExchangeRateField(
        _lazy("exchange rate"),
        default=1,
        help_text=_lazy("Value of one unit of the provider's currency in the shop's currency."),
    )
    new_services = models.CharField(_lazy("new services"), max_length=10, choices=NewServices, default=NewServices.ALL)
    low_margin = models.CharField(
        _lazy("below the minimum margin"),
        max_length=4,
        choices=LowMargin,
        default=LowMargin.HIDE,
        help_text=_lazy(
            "Applies to services below the minimum margin. Services below cost are sold only if allowed there."
        ),
    )
    is_active = models.BooleanField(
        _lazy("active"), default=True, help_text=_lazy("When off, nothing is sent to the provider and orders wait.")
    )
    low_balance = AmountField(
        _lazy("low balance"), default=10, help_text=_lazy("Alert when the balance falls below this amount.")
    )
    drift_threshold = AmountField(
        _lazy("balance drift"),
        default=1,
        help_text=_lazy("Alert when the reported balance differs from the ledger by more than this, twice in a row."),
    )
    runway_hours = models.PositiveSmallIntegerField(
        _lazy("runway (hours)"),
        default=12,
        help_text=_lazy("Alert when the balance lasts fewer hours than this at the current spending. 0 turns it off."),
    )
    accepted_missing = AmountField(
        default=0, editable=False, help_text=_lazy("Missing amount that staff accepted when they resumed orders.")
    )
    hold_rise_percent = models.PositiveSmallIntegerField(
        _lazy("hold price increases over (%)"),
        default=50,
        validators=[MaxValueValidator(900)],
        help_text=_lazy("A service whose price rises by more at once is hidden until staff accept it."),
    )
    hold_fall_percent = models.PositiveSmallIntegerField(
        _lazy("hold price decreases over (%)"),
        default=50,
        validators=[MaxValueValidator(90)],
        help_text=_lazy("A service whose price falls by more at once is hidden until staff accept it."),
    )
    hold_alike_percent = models.PositiveSmallIntegerField(
        _lazy("hold all prices at (%)"),
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_lazy(
            "If the prices of more of its services change by the same factor within a day, its currency or unit may "
            "have changed. None of its services is sold until staff accept the prices."
        ),
    )
    probing = models.CharField(
        _lazy("check unconfirmed orders"),
        max_length=8,
        choices=Probing,
        default=Probing.SHADOW,
        help_text=_lazy("The panel searches the provider's orders for an order that may or may not have been placed."),
    )
    probes_right = models.PositiveIntegerField(
        default=0, editable=False, help_text=_lazy("Suggestions that staff confirmed.")
    )
    probes_wrong = models.PositiveIntegerField(default=0, editable=False)
    ids_seen_to = models.BigIntegerField(
        null=True, editable=False, help_text=_lazy("Unknown provider orders were searched for up to this order ID.")
    )
    services_digest = models.CharField(max_length=64, blank=True, editable=False)
    synced_at = models.DateTimeField(
        _lazy("last change"),
        null=True,
        blank=True,
        editable=False,
        help_text=_lazy("When a sync last changed one of the provider's services."),
    )
    published_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_lazy("The synced_at that the catalog was last updated to.")
    )
    published_margin = models.IntegerField(
        null=True, editable=False, help_text=_lazy("The MINIMUM_MARGIN_PERCENT that the catalog was last updated to.")
    )
    sync_failures = models.PositiveIntegerField(default=0, editable=False)
    sync_error = models.CharField(_lazy("sync error"), max_length=200, blank=True, editable=False)
    held_list = models.CharField(
        max_length=10,
        blank=True,
        choices=HeldList,
        editable=False,
        help_text=_lazy("Why its service list is held for review."),
    )
    prices_held_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_lazy("Since when its prices are held for review.")
    )
    prices_accepted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_lazy("When staff last accepted held prices.")
    )
    unknown_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    unreached_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    trips_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    breaker_open_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_lazy("The circuit breaker is open until then.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _lazy("provider")
        verbose_name_plural = _lazy("providers")
        constraints = [models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="provider_exchange_rate_positive")]

    def __str__(self) -> str:
        return self.name

    @property
    def paused_reason(self) -> str:
        """The oldest reason for a pause, or "" if the provider is not paused."""
        return next((pause.reason for pause in self.pauses.all()), "")

    @property
    def may_adopt(self) -> bool:
        """Whether staff confirmed enough suggestions, and overruled none, to let the panel decide by itself."""
        return self.probes_right >= PROBES_TO_TRUST and not self.probes_wrong

    @property
    def account(self) -> str:
        """The ledger account of our prepaid balance at the provider."""
        return f"provider:{self.pk}"

    @property
    def cost_account(self) -> str:
        """The ledger account of what orders at the provider cost."""
        return f"cost:{self.pk}"

    @property
    def is_catalog_behind(self) -> bool:
        """Whether the catalog misses the last sync, or the minimum margin was changed since."""
        return self.synced_at != self.published_at or self.published_margin != settings.MINIMUM_MARGIN_PERCENT

    def set_key(self, key: Secret) -> None:
        """Encrypt `key` for this row, which must have been saved before. The caller saves the two key fields."""
        self.sealed_key = crypto.seal(key, place=self._key_place(), keys=settings.DATA_KEYS)
        self.key_hint = key.reveal()[-4:] if len(key.reveal()) >= 12 else ""

    def open_key(self) -> Secret:
        """The decrypted API key. Raises SealError if it was encrypted for another row or the data key is gone."""
        return crypto.unseal(self.sealed_key, place=self._key_place(), keys=settings.DATA_KEYS)

    def _key_place(self) -> str:
        if self.pk is None:
            raise ValueError("Save the provider before its key: the key is encrypted for the row.")
        return f"providers_provider:{self.pk}:key"
