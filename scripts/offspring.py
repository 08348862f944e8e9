"""Child processes that do not outlive the one that started them, however it ends. For `make run` and the tests."""

import ctypes
import os
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent(with_signal: int) -> Callable[[], None]:
    """For Popen's preexec_fn: the child gets `with_signal` when the thread that started it is gone (on Linux)."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def ask() -> None:
        if libc is None:
            return
        libc.prctl(PR_SET_PDEATHSIG, int(with_signal))
        if os.getppid() != parent:  # it was gone before the kernel was asked
            os.kill(os.getpid(), with_signal)

    return ask


def follow_parent(with_signal: int) -> None:
    """This process gets `with_signal` when its parent is gone (on Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(with_signal))
