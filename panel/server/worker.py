"""Gunicorn's worker whose loop reads each request whole and writes what slow readers leave; threads only work.

A caller who sends or reads slowly costs a socket and a buffer, never a thread, and has deadlines and a least rate.
"""

import errno
import logging
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.errors import ParseException

from panel.overload import BUSY, BoundedWorker, say_goodbye
from panel.server.answering import UnsignedResponse, write_answer
from panel.server.connection import Connection, State, Step
from panel.server.draining import Drain
from panel.server.limits import Limits
from panel.server.refusals import refusal, status_of
from panel.server.room import Room

READ_AT_ONCE = 64 * 1024
ACCEPTED_AT_ONCE = 16
SEND_BUFFER = 128 * 1024
"""What the kernel keeps of an answer: little enough that a reader's pace is seen."""
SWEEP_SECONDS = 0.25
REPORT_SECONDS = 60
STOP_IDLE_SECONDS, STOP_READING_SECONDS = 2.0, 10.0
"""When the worker stops: how long it still waits for the next request, and for the rest of one."""
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
GONE = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED}
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

log = logging.getLogger(__name__)


class ReadingWorker(BoundedWorker):
    """Everything but `handle` runs in the loop's thread."""

    def init_process(self) -> None:
        self.limits = Limits.of_settings().fitted()
        self.room = Room(self.limits)
        self.next_sweep = self.next_report = 0.0
        self.closed_early = 0
        self.worker_connections = 2 * self.limits.connections  # never reached: the oldest are closed before
        for listener in self.sockets:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        super().init_process()

    def init_signals(self) -> None:
        """Called by gunicorn once the loop's poller is there."""
        super().init_signals()
        self.drain = Drain(self.poller)

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from panel.server.sign_ins import SignIns  # once Django is set up, by the application
        from panel.web.body_limit import longest_body_of

        self.longest_body_of: Callable[[dict[str, Any]], int] = longest_body_of
        self.sign_ins = SignIns()

    # --- Callers come ---------------------------------------------------------------------------------------------
    def accept(self, listener: Any) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, client = listener.accept()
            except OSError as problem:
                if problem.errno in NO_ROOM:
                    self.make_room()
                elif problem.errno not in GONE:
                    raise
                return
            conn = Connection(sock, client, listener.getsockname(), limits=self.limits, now=time.monotonic())
            self.nr_conns += 1
            self.attempt(conn, self.read)

    def make_room(self) -> None:
        """The machine gives no more sockets: the one that waits longest is closed."""
        for conn in self.room:
            self.close_early(conn)
            break

    def wait(self, conn: Connection, event: int) -> None:
        """Go on with the connection when its caller sends or takes something."""
        if conn.watched != event:
            self.unwatch(conn)
            self.poller.register(conn.sock, event, partial(self.on_event, conn))
            conn.watched = event
        self.room.enter(conn)
        while (one := self.room.who_must_go(conn.address)) is not None:
            self.close_early(one)

    def unwatch(self, conn: Connection) -> None:
        if conn.watched:
            self.poller.unregister(conn.sock)
            conn.watched = 0

    def on_event(self, conn: Connection, sock: Any) -> None:
        if conn.watched == READ:  # else it was closed since the poller saw it
            self.attempt(conn, self.read)
        elif conn.watched == WRITE:
            self.attempt(conn, self.push)

    def attempt(self, conn: Connection, step: Callable[[Connection], None]) -> None:
        """Take a step with one connection; whatever goes wrong with it, such as a full disk, the others go on."""
        try:
            step(conn)
        except Exception:
            log.exception("a connection was given up")
            self.end(conn, last_words=BUSY if conn.state is State.READING else b"")

    # --- Requests come --------------------------------------------------------------------------------------------
    def read(self, conn: Connection) -> None:
        try:
            data = conn.sock.recv(READ_AT_ONCE)
        except BlockingIOError:
            self.wait(conn, READ)
            return
        except OSError:
            data = b""
        if data:
            conn.feed(data, now=time.monotonic())
            self.proceed(conn)
        else:
            self.drop(conn)

    def proceed(self, conn: Connection) -> None:
        """Give the request to a thread once it is whole, or has to be asked about."""
        try:
            step = conn.advance(self.cfg, now=time.monotonic())
        except ParseException as problem:
            self.refuse(conn, status_of(problem), type(problem).__name__)
            return
        if step is Step.UNFINISHED:
            self.wait(conn, READ)
            return
        self.leave_room(conn)
        if not self.sign_ins.admit(conn):
            busy = HTTPStatus.SERVICE_UNAVAILABLE
            self.refuse(conn, busy, "too many sign-ins at once", answer=self.sign_ins.refusal)
            return
        conn.state = State.WORKING
        self.enqueue_req(conn)

    def refuse(self, conn: Connection, status: HTTPStatus, reason: str, *, answer: bytes = b"") -> None:
        """Answer without a thread. Nothing that was sent is logged: it may hold a key."""
        log.info(
            "request refused",
            extra={"status": status.value, "reason": reason, "address": conn.peer},
        )
        self.end(conn, last_words=answer or refusal(status))

    def turn_away(self, conn: Connection) -> None:
        self.end(conn, last_words=BUSY)

    # --- Threads work ---------------------------------------------------------------------------------------------
    def handle(self, conn: Connection) -> bool:
        """In a thread: answer the request. True where the connection goes on."""
        try:
            return self.respond(conn)
        except OSError as problem:
            log.debug("the caller is gone: %s", problem)
            conn.answer.drop()
        except Exception:
            log.exception("a request failed")
            if not conn.answer.is_sent:
                with suppress(OSError):
                    conn.sock.send(refusal(HTTPStatus.INTERNAL_SERVER_ERROR))
        return False

    def respond(self, conn: Connection) -> bool:
        began = datetime.now()  # noqa: DTZ005 (gunicorn's log takes the difference alone)
        response, environ = wsgi.create(
            conn.request, conn.answer, conn.client, conn.server, self.cfg, response_class=UnsignedResponse
        )
        if conn.is_long and not conn.was_asked_about and self.takes_longer(conn, environ):
            return True
        if conn.is_long or not self.alive:
            response.force_close()
        environ |= {"wsgi.multithread": True, "wsgi.input": BytesIO() if conn.is_long else conn.content}
        environ |= self.sign_ins.environ(conn)
        if conn.is_chunked:
            environ["CONTENT_LENGTH"] = str(conn.expected)
            del environ["HTTP_TRANSFER_ENCODING"]
        self.nr += 1
        try:
            write_answer(self.wsgi, environ, response)
            conn.answer.finish()
        finally:
            self.log.access(response, conn.request, environ, datetime.now() - began)  # noqa: DTZ005
        return not response.should_close()

    def takes_longer(self, conn: Connection, environ: dict[str, Any]) -> bool:
        """Whether this long a body is wanted there of this caller; then it is read on. Asked once."""
        conn.was_asked_about = True
        conn.longest = max(conn.longest, self.longest_body_of(environ))
        return not conn.is_long

    # --- Answers go -----------------------------------------------------------------------------------------------
    def finish_request(self, conn: Connection, future: Any) -> None:
        """A thread is done: with the answer, or with saying how long the body may be."""
        self.sign_ins.leave(conn)
        conn.goes_on = not future.cancelled() and future.exception() is None and future.result()
        is_read_on = conn.goes_on and not conn.answer.is_begun
        conn.state = State.READING if is_read_on else State.SENDING
        self.attempt(conn, self.proceed if is_read_on else self.push)

    def push(self, conn: Connection) -> None:
        """Send what the caller has not taken; then the connection ends, or waits for its next request."""
        before = conn.answer.waiting
        try:
            is_sent = conn.answer.push()
        except OSError:
            self.drop(conn)
            return
        now = time.monotonic()
        if not is_sent:
            if conn not in self.room or conn.answer.waiting < before:
                conn.deadline = now + self.limits.sending
            self.wait(conn, WRITE)
            return
        if not conn.goes_on:
            self.end(conn)
            return
        self.leave_room(conn)
        conn.next_request(now=now)
        if not self.alive:
            conn.deadline = min(conn.deadline, now + STOP_IDLE_SECONDS)
        if conn.state is State.READING:
            self.proceed(conn)
        else:
            self.wait(conn, READ)

    # --- Callers go -----------------------------------------------------------------------------------------------
    def leave_room(self, conn: Connection) -> None:
        self.unwatch(conn)
        if conn in self.room:
            self.room.leave(conn)

    def end(self, conn: Connection, *, last_words: bytes = b"") -> None:
        """Close it in order."""
        self.forget(conn)
        if conn.is_long:  # and still being sent
            say_goodbye(conn.sock, last_words=last_words)
            self.drain.add(conn.sock)
        else:
            self.let_go(conn.sock, last_words=last_words)

    def drop(self, conn: Connection) -> None:
        """Close it at once."""
        self.forget(conn)
        conn.sock.close()

    def forget(self, conn: Connection) -> None:
        if conn.is_closed:
            return
        conn.is_closed = True
        self.sign_ins.leave(conn)
        self.leave_room(conn)
        conn.release()
        self.nr_conns -= 1

    def close_early(self, conn: Connection) -> None:
        """Close it because others need the room."""
        self.closed_early += 1
        self.drop(conn)

    def murder_pending(self) -> None:
        """Called by gunicorn after each round of the loop: close those whose time is up."""
        super().murder_pending()
        now = time.monotonic()
        if now < self.next_sweep:
            return
        self.next_sweep = now + SWEEP_SECONDS
        self.drain.sweep(now=now)
        for conn in self.room.overdue(now=now):
            if conn.state is State.READING:
                self.refuse(conn, HTTPStatus.REQUEST_TIMEOUT, "too slow")
            else:
                self.drop(conn)
        if self.closed_early and now >= self.next_report:
            log.warning("connections were closed early to make room", extra={"connections": self.closed_early})
            self.closed_early, self.next_report = 0, now + REPORT_SECONDS

    def _cap_keepalive(self, deadline: float) -> None:
        """Called by gunicorn when the worker stops: nobody is waited for for long."""
        now = time.monotonic()
        for conn in self.room:
            most = STOP_IDLE_SECONDS if conn.state is State.IDLE else STOP_READING_SECONDS
            conn.deadline = min(conn.deadline, now + most)
