"""Steps through other entry points: mass orders, forms that come again, staff's reorders and refunds."""

from decimal import Decimal

from orders.aftercare.refunds import CannotRefundError, full_refund, partial_refund, refund_all, set_partial
from orders.models import Order
from orders.placing.mass import check_lines, place_lines
from orders.placing.reorder import CannotReorderError, price_now, reorder
from orders.rules.idempotency import form_token
from panel.wallet.approvals.own_money import OwnMoneyError
from tests.machine import life as lives
from tests.machine.life import Life
from tests.machine.selling import Selling
from tests.machine.world import WORD, Lives, micro


class Doors(Selling):
    """Each step takes plain values, so that it can be done again as it was."""

    def mass(self, *, customer: str, service: str, quantities: list[int], token: str, die: int | None = None) -> None:
        """A page of lines: each is an order of its own, and what the page made is what it makes when it comes again."""
        page = self.pages.setdefault((customer, token), self._lines(service, quantities))
        known = {line: self.tokens.get((customer, f"{token}:{line}")) for line in page}
        user, text = self.customers[customer], "\n".join(text for _, text, _ in page.values())
        agreed = {line.number: line.charge for line in check_lines(customer=user, text=text) if line.charge}

        def call() -> list[int | None]:
            placed = place_lines(customer=user, text=text, agreed=agreed, token=token, now=self.now())
            return [line.order_id for line in placed]

        new: dict[int, int] = {}

        def after() -> Lives:
            made = Order.objects.filter(client_token__startswith=f"{token}:", customer=user).exclude(pk__in=self.lives)
            new.update({int(str(one.client_token).partition(":")[2]): one.pk for one in made})
            return {
                pk: [self._ordered(pk, page[line][0], customer, service, page[line][2])] for line, pk in new.items()
            }

        placed = self.do(call, after, die=die)
        self.tokens |= {(customer, f"{token}:{line}"): pk for line, pk in new.items()}
        assert not any(known[line] for line in new), "a line made a second order"
        for line, order_id in zip(page, placed or (), strict=False):
            assert order_id == known[line] or known[line] is None, "a page that came again did not get its orders back"

    def _lines(self, service: str, quantities: list[int]) -> dict[int, tuple[str, str, int]]:
        """By its number: each line's tag, its text and its quantity."""
        page, shelf = {}, self.service(service).pk
        for number, quantity in enumerate(quantities, start=1):
            tag = self.new_tag()
            page[number] = (tag, f"{shelf} | {tag} | {quantity}", quantity)
        return page

    def form(self, *, customer: str, service: str, quantity: int, token: str) -> int:
        """An order's form with anything in its hidden token; 0 where it comes back to be sent again."""
        found = form_token(token)
        if found is None:
            return 0
        return self.place(customer=customer, service=service, quantity=quantity, token=found)

    def reorder(self, *, pk: int) -> int:
        """Staff order once more what ended with all of its money back: a new order, however often they click."""
        life = self.lives[pk]
        known = self.reordered.get(pk)
        shelf, charge = self.service(life.service), -(-self.sale(life.service) * life.quantity // 1000)
        can = life.state in {"REJECTED", "CANCELED"} and shelf.is_for_sale and self.wallet(life.customer) >= charge

        def call() -> int:
            order = Order.objects.get(pk=pk)
            try:
                agreed = Decimal(1000) if known else price_now(order)
                return reorder(order_id=pk, agreed=agreed, actor="staff", reason=WORD).order.pk
            except CannotReorderError:
                assert known is None, "a second click was refused"
                return 0

        def after() -> Lives:
            newest = Order.objects.order_by("-pk").first()
            if newest is None or newest.pk in self.lives:
                return {}
            made = self._ordered(newest.pk, self.new_tag(), life.customer, life.service, life.quantity)
            return {newest.pk: [made]}

        before = set(self.lives)
        made: int = self.do(call, after)
        assert known is None or made == known, "two clicks were two orders"
        assert not made or known or {made} == set(self.lives) - before, "another's order was taken for the new one"
        assert made or not can, "not ordered again, though nothing hinders it"
        if made and not known:
            self.reordered[pk] = made
            Order.objects.filter(pk=made).update(fields=self._fields_of(made), link=self.lives[made].tag)
        return made

    def _fields_of(self, pk: int) -> dict[str, str]:
        """With a link of its own, by which the providers of this world tell orders apart."""
        return {**Order.objects.get(pk=pk).fields, "link": self.lives[pk].tag}

    def _ordered(self, pk: int, tag: str, customer: str, service: str, quantity: int) -> Life:
        charge = -(-self.sale(service) * quantity // 1000)
        expected = self.asked("North", service, quantity)
        return Life(pk, tag, customer, service, quantity, charge, "North", expected, self.now())

    def give_back(self, *, pk: int, percent: int, own: bool = False, die: int | None = None) -> None:
        """Staff give back what was not delivered, or all of it: more than before, or nothing; never their `own`."""
        life = self.lives[pk]
        remains = -(-life.quantity * percent // 100)
        target = life.charge if percent == 100 else life.charge * remains // life.quantity
        can = life.state in {"ACTIVE", "COMPLETED", "PARTIAL"} and target > life.refunded and not own
        actor = self.customers[life.customer].email if own else "staff"

        def call() -> bool:
            order = Order.objects.get(pk=pk)
            try:
                if percent == 100:
                    refund_all(order_id=pk, agreed=full_refund(order), actor=actor, reason=WORD)
                else:
                    adds = partial_refund(order, remains=remains)
                    set_partial(order_id=pk, remains=remains, agreed=adds, actor=actor, reason=WORD)
            except (CannotRefundError, OwnMoneyError):
                return False
            return True

        def after() -> Lives:
            return {pk: [lives.given_back(life, target, remains, now=self.now())]} if can else {}

        done = self.do(call, after, die=die)
        assert done is None or done == can, "gave back what may not be, or refused what may"
        assert micro(Order.objects.get(pk=pk).refunded) == self.lives[pk].refunded
