"""Calls one provider in parallel: threads with an adapter each make the calls, the caller uses the database."""

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from panel.lib.logs.context import carried
from providers.adapters.base import ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.connection.connect import open_adapter
from providers.models import Provider

Question = TypeVar("Question")
Reply = TypeVar("Reply")


class _Adapters:
    """One adapter for each thread, all closed together."""

    def __init__(self, provider: Provider) -> None:
        open_adapter(provider).close()  # fails here, not in a thread, if the key cannot be read
        self._provider = provider
        self._local = threading.local()
        self._all: list[ProviderAdapter] = []

    def of_this_thread(self) -> ProviderAdapter:
        if not hasattr(self._local, "adapter"):
            self._local.adapter = open_adapter(self._provider)
            self._all.append(self._local.adapter)
        adapter: ProviderAdapter = self._local.adapter
        return adapter

    def close(self) -> None:
        for adapter in self._all:
            adapter.close()


def fan_out(
    *,
    provider: Provider,
    questions: Iterator[Question],
    ask: Callable[[ProviderAdapter, Question], Reply],
    in_flight: int,
) -> Generator[tuple[Question, Reply | RetryLater], None, None]:
    """Yield each question with its reply, or with the RetryLater that was raised, in order of arrival.

    `ask` runs in threads and must not touch the database. `questions` are read in the caller's thread, at most
    `in_flight` ahead. The caller may stop early. Raises SealError if the key cannot be read.
    """
    adapters = _Adapters(provider)

    def work(question: Question) -> Reply | RetryLater:
        try:
            return ask(adapters.of_this_thread(), question)
        except RetryLater as error:
            return error

    pool = ThreadPoolExecutor(in_flight, thread_name_prefix=f"ask-{provider.pk}")
    running: dict[Future[Reply | RetryLater], Question] = {}

    def submit_next() -> None:
        question = next(questions, None)
        if question is not None:
            running[pool.submit(carried(work), question)] = question

    try:
        for _ in range(in_flight):
            submit_next()
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                question = running.pop(future)
                submit_next()
                yield question, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        adapters.close()
