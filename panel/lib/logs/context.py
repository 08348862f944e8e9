"""What every log line inside a piece of work carries: the request, the task and its run, the order.

It belongs to the thread that bound it. Work handed to other threads takes it along with `carried`.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from structlog.contextvars import bound_contextvars, get_contextvars

P = ParamSpec("P")
T = TypeVar("T")


def request_id() -> str:
    """The id of the request that is answered, or that caused this task; empty where there was none."""
    return str(get_contextvars().get("request_id", ""))


def about_order(work: Callable[P, T]) -> Callable[P, T]:
    """For functions that take `order_id` by name: every line inside carries `order`."""

    @wraps(work)
    def worked(*args: P.args, **kwargs: P.kwargs) -> T:
        with bound_contextvars(order=kwargs["order_id"]):
            return work(*args, **kwargs)

    return worked


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work` for other threads: its lines there carry what those of this thread carry now."""
    bound = get_contextvars()

    @wraps(work)
    def worked(*args: P.args, **kwargs: P.kwargs) -> T:
        with bound_contextvars(**bound):
            return work(*args, **kwargs)

    return worked
