"""Logs: one line an event, line breaks escaped, as text on a terminal or as JSON. Called once by the settings.

What a line says beside its words: who logged it, its own fields, and what panel/lib/logs/context.py has bound.
"""

import logging
import re
import sys

import structlog

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def log_settings(*, as_json: bool, level: str) -> None:
    """Send everything that logs, ours and the libraries', through one handler on standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.contextvars.merge_contextvars,
        _drop_request,
    ]
    as_text = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])

    def in_plain_sight(logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict) -> str:
        return _spell_controls(as_text(logger, name, event))

    last: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer() if as_json else in_plain_sight,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("urllib3").setLevel("ERROR")  # its warnings name whole addresses: a bot's holds its token
    logging.getLogger("celery.worker.strategy").setLevel("WARNING")
    logging.getLogger("celery.app.trace").setLevel("WARNING")
    logging.getLogger("celery.beat").setLevel("WARNING")


def _spell_controls(line: str) -> str:
    """What would steer a terminal, or turn what is read on it, is written out; JSON does so by itself."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _drop_request(
    logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Django attaches the request, whose text has the query string: addresses are no place for secrets, nor logs."""
    event.pop("request", None)
    return event
