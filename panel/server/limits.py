"""How long and how much a connection may take. The durations are seconds; all counts are for one process."""

import resource
from dataclasses import dataclass, replace

from django.conf import settings

OTHER_FILES = 600
"""What else a process opens: requests that threads work on, callers on their way out, files, databases, providers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the settings, and those that nobody needs to set."""

    idle: float
    """So long a connection is kept for its next request."""
    head: float
    """So long the head of a request may take, from its first byte or, of the first one, from the connection on."""
    window: float
    """In so much time at least `least` bytes a second of a body have to come; what is left of it may be fewer."""
    least: int
    sending: float
    """So long may pass without the caller taking anything of an answer."""
    connections: int
    from_one_address: int
    """How many connections wait, are read from or are written to at most; beyond that the oldest are closed."""
    body: int
    """The general limit of a body in bytes; a longer one is asked about."""
    is_behind_proxy: bool
    held: int = 256 * 1024 * 1024
    """Of all bodies and answers that wait, in memory or temporary files; beyond that the oldest are dropped."""

    def fitted(self) -> "Limits":
        """With no more connections than this process may open files, after having asked for enough of them."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.connections + OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        most = self.connections if soft == resource.RLIM_INFINITY else max(1, soft - OTHER_FILES)
        return replace(self, connections=min(self.connections, most))

    @classmethod
    def of_settings(cls) -> "Limits":
        """As the panel is configured."""
        return cls(
            idle=settings.CONNECTION_IDLE_SECONDS,
            head=settings.REQUEST_HEAD_SECONDS,
            window=settings.REQUEST_BODY_SECONDS,
            least=settings.REQUEST_LEAST_BYTES_PER_SECOND,
            sending=settings.ANSWER_STALLED_SECONDS,
            connections=settings.CONNECTIONS,
            from_one_address=settings.CONNECTIONS_FROM_ONE_ADDRESS,
            body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            is_behind_proxy=settings.SECURE_PROXY_SSL_HEADER is not None,
        )
