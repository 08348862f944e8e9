"""Ask one provider many things at once: threads with an adapter each ask, the caller alone touches the database."""

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
    """An adapter for each thread that asks, all of them closed together."""

    def __init__(self, provider: Provider) -> None:
        open_adapter(provider).close()  # a key that does not open is found here, not in a thread
        self._provider = provider
        self._mine = threading.local()
        self._all: list[ProviderAdapter] = []

    def of_this_thread(self) -> ProviderAdapter:
        if not hasattr(self._mine, "adapter"):
            self._mine.adapter = open_adapter(self._provider)
            self._all.append(self._mine.adapter)
        adapter: ProviderAdapter = self._mine.adapter
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
    """Each question with its reply, or with the RetryLater that came instead, in the order of arrival.

    `ask` runs in threads and must not touch the database; `questions` is drawn from in the caller's thread, at most
    `in_flight` ahead. The caller may stop whenever it likes. Raises SealError when the key does not open.
    """
    adapters = _Adapters(provider)

    def work(question: Question) -> Reply | RetryLater:
        try:
            return ask(adapters.of_this_thread(), question)
        except RetryLater as error:
            return error

    pool = ThreadPoolExecutor(in_flight, thread_name_prefix=f"ask-{provider.pk}")
    running: dict[Future[Reply | RetryLater], Question] = {}

    def draw() -> None:
        question = next(questions, None)
        if question is not None:
            running[pool.submit(carried(work), question)] = question

    try:
        for _ in range(in_flight):
            draw()
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                question = running.pop(future)
                draw()
                yield question, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        adapters.close()
