from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from distiliqa.pacs.listen import connections as module
from distiliqa.pacs.listen.connections import BUSY_S, Connection, Connections


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connections(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Connections:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 3)
    return Connections(clock)


@pytest.fixture
def come(connections: Connections) -> Iterator[Callable[..., Connection | None]]:
    """A peer connects."""
    pairs: list[socket.socket] = []

    def connect(address: str = "10.0.0.1") -> Connection | None:
        ours, theirs = socket.socketpair()
        pairs.extend((ours, theirs))
        theirs.setblocking(False)
        connection = connections.admit(ours, address)
        if connection is not None:
            ends[id(connection)] = theirs
        return connection

    yield connect
    for end in pairs:
        end.close()


ends: dict[int, socket.socket] = {}


def is_closed(connection: Connection | None) -> bool:
    try:
        return ends[id(connection)].recv(1) == b""
    except BlockingIOError:
        return False


def test_there_is_room_for_so_many_and_the_oldest_silent_one_goes(come, caplog):
    first, second, third = (come() for _ in range(3))
    assert not is_closed(first)
    assert come() is not None
    assert [is_closed(peer) for peer in (first, second, third)] == [True, False, False]
    come()
    assert is_closed(second)
    assert caplog.messages == [
        "3 connections at once: those that store nothing are closed for others"
    ]


def test_the_least_useful_goes(come, connections, clock):
    stale, echo, silent = (come() for _ in range(3))
    connections.note_association(stale)
    connections.note_stored(stale)
    connections.note_association(echo)
    for other in (silent, echo):
        newer = come()
        assert is_closed(other)
        connections.note_association(newer)
        connections.note_stored(newer)
    clock.now += BUSY_S
    connections.note_stored(newer)
    come()
    assert is_closed(stale)


def test_whoever_is_at_work_is_not_closed_for_another(come, connections):
    busy = [come() for _ in range(3)]
    for connection in busy:
        connections.note_stored(connection)
    assert come() is None
    assert not any(map(is_closed, busy))


def test_the_address_with_the_most_connections_gives_way(come):
    alone, first, second = come("10.0.0.2"), come(), come()
    come()
    assert [is_closed(peer) for peer in (alone, first, second)] == [False, True, False]


def test_one_that_leaves_makes_room(come, connections):
    first, second, third = (come() for _ in range(3))
    connections.leave(second)
    connections.leave(second)
    come()
    assert not is_closed(first)
    assert not is_closed(third)


def test_all_are_closed_in_the_end(come, connections):
    peers = [come() for _ in range(3)]
    connections.close()
    assert all(map(is_closed, peers))
