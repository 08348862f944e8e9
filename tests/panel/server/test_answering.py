"""Answers to callers who read quickly, slowly and not at all."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from panel.server import answering
from panel.server.answering import Answer

Ends = tuple[Answer, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """An answer and its reader."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        answer = Answer(ours)
        yield answer, theirs
        answer.drop()


def read(reader: socket.socket) -> bytes:
    """All that can be read now."""
    found = []
    try:
        while piece := reader.recv(1 << 20):
            found.append(piece)
    except BlockingIOError:
        pass
    return b"".join(found)


def test_the_head_goes_out_with_the_first_of_the_body(ends: Ends) -> None:
    answer, reader = ends
    answer.sendall(b"head")
    assert (read(reader), answer.is_begun, answer.is_sent) == (b"", True, False)
    answer.sendall(b"body")
    assert (read(reader), answer.is_sent) == (b"headbody", True)
    answer.sendall(b"more")
    assert read(reader) == b"more"
    assert (answer.waiting, answer.push()) == (0, True)


def test_a_head_alone_goes_out_at_the_end(ends: Ends) -> None:
    answer, reader = ends
    answer.sendall(b"head")
    answer.finish()
    answer.finish()
    assert read(reader) == b"head"


def test_nobody_waits_for_a_slow_reader_and_nothing_is_lost(ends: Ends) -> None:
    answer, reader = ends
    sent = b"".join(b"%07d\n" % number for number in range(200_000))
    for start in range(0, len(sent), 50_000):
        answer.sendall(sent[start : start + 50_000])
    assert answer.waiting > 500_000
    found = bytearray()
    while not answer.push():
        found += reader.recv(70_000)
    found += read(reader)
    assert found == sent
    assert answer.waiting == 0


def test_what_comes_later_waits_behind_what_waits(ends: Ends) -> None:
    answer, reader = ends
    answer.sendall(b"")
    answer.sendall(b"a" * 2_000_000)
    found = read(reader)
    answer.sendall(b"z")
    while not answer.push():
        found += read(reader)
    assert (found + read(reader)).strip(b"a") == b"z"


def test_an_answer_too_long_to_keep_is_cut(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "LARGEST_BACKLOG", 1_000_000)
    answer, _ = ends
    answer.sendall(b"head")
    for _ in range(10):
        answer.sendall(bytes(100_000))
    with pytest.raises(OSError, match="No buffer space"):
        answer.sendall(bytes(1_000_000))
    assert answer.waiting <= 1_000_000


def test_a_reader_who_is_gone_is_noticed(ends: Ends) -> None:
    answer, reader = ends
    answer.sendall(b"head")
    answer.sendall(bytes(1_000_000))
    reader.close()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        answer.push()


def test_a_part_of_a_file(ends: Ends, tmp_path: Path) -> None:
    answer, reader = ends
    path = tmp_path / "file"
    path.write_bytes(bytes(range(200)))
    answer.sendall(b"head")
    with path.open("rb") as file:
        answer.sendfile(file, offset=50, count=100)
        answer.sendfile(file, offset=190, count=100)
    assert read(reader) == b"head" + bytes(range(50, 150)) + bytes(range(190, 200))
