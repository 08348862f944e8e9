"""The condition for orders with parts: subscriptions and drip-feeds, which place further orders by themselves."""

from typing import Any

from django.db.models import BooleanField, F, Func, Q

from orders.rules import subscription

PARTS = Q(type=subscription.TYPE) | Q(fields__has_key="runs")
"""As the partial index has it."""


class HasParts(Func):
    """The same in a query, with its words written out: SQLite takes a partial index only where it reads the same."""

    output_field = BooleanField()

    def __init__(self) -> None:
        super().__init__(F("type"), F("fields"))

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> Any:
        (kind, of_kind), (fields, of_fields) = (compiler.compile(one) for one in self.get_source_expressions())
        has_runs = f"{fields} ? 'runs'" if connection.vendor == "postgresql" else _SQLITE_HAS_RUNS.format(fields)
        return f"({kind} = '{subscription.TYPE}' OR {has_runs})", [*of_kind, *of_fields]


_SQLITE_HAS_RUNS = """JSON_TYPE({}, '$."runs"') IS NOT NULL"""
