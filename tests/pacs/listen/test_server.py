"""Peers that send what no sound one does, on loopback."""

from __future__ import annotations

import logging
import socket
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import P_DATA_TF
from tests.support.disks import full_disk

from distiliqa.pacs.listen import connections, peer, server
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.receiver import receiving
from distiliqa.pacs.listen.sender import Node

VERIFICATION = "1.2.840.10008.1.1"
PATIENCE_S = 60.0
HALF_A_REQUEST = b"\x01\x00" + struct.pack(">L", 300) + b"\x00\x01\x00\x00"


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "queue", lambda name: False)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("ASSOCIATE_S", "PDU_S", "IDLE_S"):
        monkeypatch.setattr(server, limit, 2.0)


@pytest.fixture
def port(queue: Queue, tmp_path: Path) -> Iterator[int]:
    with receiving(queue, ReceivedDoses(tmp_path / "doses"), "127.0.0.1", 0, "DISTILIQA") as port:
        yield port


@pytest.fixture
def sound(port: int, write_ct: Callable[..., Path], tmp_path: Path) -> Callable[[], None]:
    """Send an image as a sound sender does; it raises where it is not stored."""
    path = write_ct(tmp_path / "1.dcm", np.zeros((32, 32)))
    node = Node("DISTILIQA", "127.0.0.1", port, "SCANNER")
    return lambda: node.store(path)


@pytest.fixture
def connect(port: int) -> Iterator[Callable[[bytes], socket.socket]]:
    """Connect and say no more than this."""
    opened: list[socket.socket] = []

    def connect(said: bytes = b"") -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), PATIENCE_S))
        opened[-1].sendall(said)
        return opened[-1]

    yield connect
    for sock in opened:
        sock.close()


@pytest.fixture
def associate(port: int) -> Iterator[Callable[[], Association]]:
    opened: list[Association] = []

    def associate() -> Association:
        entity = AE()
        entity.add_requested_context(VERIFICATION)
        entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        opened.append(entity.associate("127.0.0.1", port, ae_title="DISTILIQA"))
        assert opened[-1].is_established
        return opened[-1]

    yield associate
    for association in opened:
        association.abort()


def ended(association: Association) -> bool:
    association.join(PATIENCE_S)
    return not association.is_alive()


def raw(association: Association) -> socket.socket:
    return association.dul.socket.socket  # type: ignore[union-attr,return-value]


def data_pdu(context: int, control: int, content: bytes) -> bytes:
    """A P-DATA-TF PDU of one value: PS3.8, section 9.3.5."""
    value = struct.pack(">LBB", len(content) + 2, context, control) + content
    return struct.pack(">BBL", 4, 0, len(value)) + value


def store_command(association: Association) -> tuple[int, bytes]:
    """The presentation context of CT, and a PDU that announces an object in it."""
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CTImageStorage, "1.2.3"
    request.DataSet = BytesIO(b"to come")
    message, pdu = C_STORE_RQ(), P_DATA_TF()
    message.primitive_to_message(request)
    (context,) = (
        context.context_id
        for context in association.accepted_contexts
        if context.abstract_syntax == CTImageStorage
    )
    assert context is not None
    pdu.from_primitive(next(iter(message.encode_msg(context, 16382))))
    return context, pdu.encode()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)
    return 3


@pytest.mark.parametrize("said", [b"", HALF_A_REQUEST])
def test_a_sound_sender_is_heard_among_silent_and_slow_ones(
    few: int, sound: Callable[[], None], connect: Callable[[bytes], socket.socket], said: bytes
):
    for _ in range(3 * few):
        connect(said)
    sound()


def test_a_sound_sender_is_heard_among_those_who_only_echo(
    few: int, sound: Callable[[], None], associate: Callable[[], Association]
):
    for _ in range(3 * few):
        assert associate().send_c_echo().Status == 0
    sound()


@pytest.mark.parametrize("said", [b"", HALF_A_REQUEST])
def test_who_asks_for_no_association_in_time_is_closed(
    impatient: None, connect: Callable[[bytes], socket.socket], said: bytes
):
    assert connect(said).recv(1) == b""


def test_half_a_message_that_does_not_go_on_ends_its_association(
    impatient: None, associate: Callable[[], Association]
):
    association = associate()
    context, command = store_command(association)
    raw(association).sendall(command + data_pdu(context, 0, b"0" * 1000)[:500])
    assert ended(association)


def test_an_association_of_which_nothing_comes_ends(
    impatient: None, associate: Callable[[], Association]
):
    assert ended(associate())


def test_an_object_without_end_is_cut_off_and_costs_no_memory(
    associate: Callable[[], Association],
    sound: Callable[[], None],
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(peer, "MAX_OBJECT_BYTES", 20 << 20)
    association = associate()
    context, command = store_command(association)
    part = data_pdu(context, 0, bytes(16000))
    sock, sent = raw(association), 0
    sock.sendall(command)
    tracemalloc.start()
    try:
        with suppress(OSError):  # the connection is closed
            while sent < 200 << 20:
                sock.sendall(part)
                sent += len(part)
        assert ended(association)
        assert sent < 200 << 20
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()
    assert "127.0.0.1: its association ends: it sends an object or a command without end" in (
        caplog.messages
    )
    sound()
    assert list(queue.receiving.iterdir()) == []


def test_a_command_without_end_is_cut_off(
    associate: Callable[[], Association], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(peer, "MAX_COMMAND_BYTES", 50_000)
    association = associate()
    with suppress(OSError):  # the connection may be closed before the last
        raw(association).sendall(5 * data_pdu(1, 1, bytes(16000)))
    assert ended(association)


def test_who_does_not_wait_for_answers_is_cut_off(
    associate: Callable[[], Association], monkeypatch: pytest.MonkeyPatch, queue: Queue
):
    answer = Event()
    monkeypatch.setattr(queue, "put", lambda *_: answer.wait(PATIENCE_S))
    association = associate()
    context, command = store_command(association)
    whole = b"\x08\x00\x18\x00UI\x06\x001.2.3\0\x20\x00\x0e\x00UI\x04\x001.2\0"
    raw(association).sendall((command + data_pdu(context, 2, whole)) * (peer.MAX_WAITING + 3))
    try:
        assert ended(association)
    finally:
        answer.set()


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x01\x00\x00\x00\x00\x05hello",
        b"\x01\x00\x00\x00\x00\x44\x00\x01\x00\x00" + b"\xff" * 64,
        b"\x01\x00\xff\xff\xff\xff",
        b"\x02\x00\x00\x00\x00\x44" + bytes(68),
        b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00",
        b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00",
    ],
)
def test_what_is_not_a_request_is_closed_without_a_traceback(
    connect: Callable[[bytes], socket.socket],
    sound: Callable[[], None],
    said: bytes,
    capfd: pytest.CaptureFixture[str],
):
    sock = connect(said)
    with suppress(OSError):  # it may be closed already
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass
    sound()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "value", [b"\x01\x03", b"\x01", b"\x01\x03abcd", b"\xff\x03", b"\x01\x00data without a command"]
)
def test_what_is_not_a_message_ends_its_association_without_a_traceback(
    associate: Callable[[], Association],
    sound: Callable[[], None],
    value: bytes,
    capfd: pytest.CaptureFixture[str],
):
    association = associate()
    content = struct.pack(">L", len(value)) + value
    sock = raw(association)
    sock.sendall(struct.pack(">BBL", 4, 0, len(content)) + content)
    with suppress(OSError):  # it may be closed already
        sock.shutdown(socket.SHUT_WR)
    assert ended(association)
    sound()
    assert capfd.readouterr().err == ""


def test_half_an_object_is_removed_once_its_sender_has_gone(
    associate: Callable[[], Association], sound: Callable[[], None], queue: Queue
):
    association = associate()
    context, command = store_command(association)
    sock = raw(association)
    sock.sendall(command + data_pdu(context, 0, b"half"))
    sock.shutdown(socket.SHUT_RDWR)
    assert ended(association)
    sound()
    for _ in range(600):
        if not list(queue.receiving.iterdir()):
            break
        Event().wait(0.1)
    assert list(queue.receiving.iterdir()) == []


def test_a_full_disk_ends_the_association_and_not_the_listener(
    associate: Callable[[], Association],
    sound: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    association = associate()
    context, command = store_command(association)
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING, "distiliqa"):
        patch.setattr("pynetdicom.dimse_messages.NamedTemporaryFile", full_disk)
        raw(association).sendall(command + data_pdu(context, 2, b"object"))
        assert ended(association)
    assert "127.0.0.1: its association ends: No space left on device" in caplog.messages
    sound()
