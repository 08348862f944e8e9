"""Steps in safe mode: a person holds the panel, or what it remembers of its attempts is lost or cannot be written."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings

from orders.accounting.reconcile import read_balances
from orders.aftercare.cancel_jobs import poll_cancels
from orders.aftercare.cancels import CannotCancelError, request_cancel
from orders.aftercare.refill_jobs import poll_refills
from orders.aftercare.refunds import CannotRefundError, refund_all, set_partial
from orders.core import high_water, safe_mode
from orders.placing.place import place_order
from orders.placing.validation import BadOrderError
from orders.submission.submit import submit_order
from orders.submission.sweep import submit_orders
from orders.tracking.poll import CannotAskError, poll_provider
from orders.tracking.refresh_order import refresh_order
from orders.unconfirmed.decisions import CannotResolveError, confirm_placed, refund_unconfirmed, requeue_order
from orders.unconfirmed.probe import probe_unconfirmed
from panel.ops.alerts.alerts import is_alert_open
from tests.machine import life as lives
from tests.machine.doors import Doors
from tests.machine.world import WORD, Lives

REFUSALS = (CannotCancelError, CannotResolveError, CannotAskError, CannotRefundError, BadOrderError)
REASONS = ("held", "damaged", "unwritable")


class Holds(Doors):
    """Each step takes plain values, so that it can be done again as it was."""

    def submit_unsent(self, *, pk: int, why: str) -> None:
        """The order is claimed, and before a byte is sent a person holds the panel, or the disk is full: it waits."""
        life = self.lives[pk]
        if life.state != "QUEUED" or self.rivals(life) or self.is_hindered(life):
            return
        remember_attempt = safe_mode.remember_attempt

        def hold_first(*, attempt: int) -> None:
            safe_mode.switch_on(reason="moving house", actor="staff")
            remember_attempt(attempt=attempt)

        def after() -> Lives:
            if not self.open_before[life.provider]:
                return {}
            sending = lives.claimed(life, expected=self.would_cost(life), now=self.now())
            return {pk: [lives.waiting(sending, len(life.tries), is_busy_link=False)]}

        full = mock.patch("os.fsync", side_effect=_full())
        with full if why == "full" else mock.patch.object(safe_mode, "remember_attempt", hold_first):
            self.do(lambda: submit_order(order_id=pk, even_early=True), after)
        assert life.tag not in self.sent, "sent, though the panel is held or cannot remember it"
        assert not self.open_before[life.provider] or is_alert_open(safe_mode.SUBJECT), "nobody is told"
        self._let_go()

    def everything_in_safe_mode(self, *, why: str) -> None:
        """Whatever is tried, no order moves, no money is given back, and no provider is asked."""
        asked = [upstream.asked for upstream in self.upstreams.values()]
        with self._safe_mode(why):
            assert safe_mode.is_on_now(), "nobody notices"
            self.do(self._try_everything, dict)
        assert [upstream.asked for upstream in self.upstreams.values()] == asked, "a provider was asked in safe mode"
        self._let_go()

    @contextmanager
    def _safe_mode(self, why: str) -> Iterator[None]:
        safe_mode.clear_cache()
        if why == "held":
            safe_mode.switch_on(reason="moving house", actor="staff")
        if why == "damaged":
            (Path(settings.DATA_DIR) / high_water.FILE).write_text("")
        if why == "unwritable":
            with mock.patch.object(high_water, "_draft", side_effect=_full()):
                yield
        else:
            yield

    def _try_everything(self) -> None:
        now, north = self.now(), self.reload("North")
        submit_orders(now=now, everything=True)
        poll_provider(provider=north, everything=True)
        poll_cancels(now=now, everything=True)
        poll_refills(now=now, everything=True)
        probe_unconfirmed(now=now)
        read_balances()
        for pk in self.lives:
            submit_order(order_id=pk, even_early=True)
            for door in self._doors(pk):
                with suppress(*REFUSALS):
                    door()

    def _doors(self, pk: int) -> list[Callable[[], Any]]:
        life = self.lives[pk]
        staff: dict[str, Any] = {"order_id": pk, "actor": "staff", "reason": WORD}
        words = {"link": "https://example.com/held", "quantity": "333"}
        part = Decimal(life.charge * 333 // life.quantity - life.refunded).scaleb(-6)
        rest = Decimal(life.charge - life.refunded).scaleb(-6)
        user, shelf = self.customers[life.customer], self.service("1").pk
        return [
            lambda: place_order(customer=user, service_id=shelf, params=words, now=self.now()),
            lambda: request_cancel(order_id=pk, actor="ada@example.com"),
            lambda: confirm_placed(provider_order_id=life.external or "404", **staff),
            lambda: requeue_order(**staff),
            lambda: refund_unconfirmed(**staff),
            lambda: set_partial(remains=333, agreed=part, **staff),
            lambda: refund_all(agreed=rest, **staff),
            lambda: refresh_order(order_id=pk, actor="staff"),
        ]

    def _let_go(self) -> None:
        safe_mode.switch_off(reason="seen", actor="staff", undecided=0)
        assert not safe_mode.is_on_now(), "safe mode cannot be ended"


def _full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")
