"""Celery's side of the log: a task's lines carry its name, its run's id, and the id of the request that caused it.

That id travels in the message's headers, never among the arguments. Connected by panel/celery.py, which imports this.
"""

from typing import Any

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from structlog.contextvars import bind_contextvars, unbind_contextvars

from panel.lib.logs.context import request_id


@setup_logging.connect  # type: ignore[untyped-decorator]
def keep_our_log(**_: object) -> None:
    """Celery leaves logging alone where this is connected: the settings have set it."""


@before_task_publish.connect  # type: ignore[untyped-decorator]
def send_request_id(headers: dict[str, Any], **_: object) -> None:
    if current := request_id():
        headers["request_id"] = current


@task_prerun.connect  # type: ignore[untyped-decorator]
def bind_task(task_id: str, task: Any, **_: object) -> None:
    bind_contextvars(task=task.name, run=task_id)
    if caused_by := task.request.get("request_id"):
        bind_contextvars(request_id=caused_by)


@task_postrun.connect  # type: ignore[untyped-decorator]
def unbind_task(**_: object) -> None:
    unbind_contextvars("task", "run", "request_id")
