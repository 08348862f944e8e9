"""The engine's time: the wall clock's, or one that stands still until it is moved. Both can be moved forward."""

import threading
import time

START = 1_750_000_000.0


class Clock:
    """Seconds since 1970. A manual clock starts at the same moment on every run."""

    def __init__(self, *, is_manual: bool, offset: float = 0) -> None:
        """`offset` is how far the clock had been moved before."""
        self._lock = threading.Lock()
        self._is_manual = is_manual
        self.offset = offset

    def now(self) -> float:
        """The time, moves included."""
        return (START if self._is_manual else time.time()) + self.offset

    def advance(self, seconds: float) -> None:
        """Move it forward. Raises ValueError for less than nothing: time does not run backwards."""
        if seconds < 0:
            raise ValueError("Time only goes forward.")
        with self._lock:
            self.offset += seconds
