"""Model fields for exact numbers: a `Decimal` in Python, an integer in the database, on PostgreSQL and SQLite alike."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django.core import exceptions
from django.db import models
from django.forms import CharField as CharFormField
from django.forms import DecimalField as DecimalFormField
from django.forms import Field as FormField
from django.utils.translation import gettext as _

from panel.lib import money
from panel.lib.text import with_plain_lines

if TYPE_CHECKING:  # to the type checker a decimal, to the database a BIGINT
    WholeField = models.DecimalField
else:
    WholeField = models.BigIntegerField


class PlainDecimalFormField(DecimalFormField):
    """A decimal that a form shows in plain digits: 10 where the database holds 10.000000. The value stays exact."""

    def prepare_value(self, value: Any) -> Any:
        return money.plain(value) if isinstance(value, Decimal) else value


class LinesFormField(CharFormField):
    """Text of several lines, compared and kept with plain line ends, whatever the browser sent."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return with_plain_lines(text) if isinstance(text, str) else text

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(with_plain_lines(initial) if isinstance(initial, str) else initial, data)


class ExactDecimalField(WholeField):  # type: ignore[type-arg]
    """A decimal with a fixed number of places, held as an integer. Floats are refused."""

    def __init__(self, *args: Any, places: int, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "places": self.places}

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or isinstance(value, Decimal):
            return value
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise exceptions.ValidationError(
                _("Amounts are exact: give a Decimal, not %(type)s."), params={"type": type(value).__name__}
            )
        try:
            return Decimal(value)
        except ArithmeticError:
            raise exceptions.ValidationError(_("“%(value)s” is not a number."), params={"value": value}) from None

    def get_prep_value(self, value: Any) -> int | None:
        if value is None or hasattr(value, "resolve_expression"):
            return cast("int | None", value)
        number = self.to_python(value)
        if number is None or not number.is_finite():
            raise money.AmountError(f"{value} is not an amount.")
        scaled = number.scaleb(self.places)
        whole = int(scaled)
        if scaled != whole:
            raise money.AmountError(f"{number} has more than {self.places} decimals.")
        return whole

    def formfield(self, **kwargs: Any) -> FormField | None:
        return models.Field.formfield(
            self, **{"form_class": PlainDecimalFormField, "decimal_places": self.places, "max_digits": 18, **kwargs}
        )

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else f"{value:f}"


class AmountField(ExactDecimalField):
    """Money: millionths of a currency's unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("places", money.PLACES)
        super().__init__(*args, **kwargs)


class ExchangeRateField(ExactDecimalField):
    """How much of the shop's currency one unit of another buys, with ten decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("places", 10)
        super().__init__(*args, **kwargs)
