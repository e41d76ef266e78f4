from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
)
from pynetdicom import AE
from pynetdicom.association import Association
from tests.support.disks import full_disk
from tests.support.dose_reports import (
    STUDY,
    dose_event,
    event_summary,
    write_dose_report,
    write_enhanced_report,
)

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.receiver import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, receiving
from distiliqa.pacs.listen.sender import Node
from distiliqa.report.names import short_hash

VERIFICATION = "1.2.840.10008.1.1"
SERIES = "1.2.826.0.1.3680043.8.498.2"


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "queue", lambda name: False)


@pytest.fixture
def doses(tmp_path: Path) -> ReceivedDoses:
    return ReceivedDoses(tmp_path / "doses")


@pytest.fixture
def port(queue: Queue, doses: ReceivedDoses) -> Iterator[int]:
    with receiving(queue, doses, "127.0.0.1", 0, "DISTILIQA") as port:
        yield port


@pytest.fixture
def node(port: int) -> Node:
    return Node("DISTILIQA", "127.0.0.1", port, "SCANNER")


@pytest.fixture
def ct(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    return write_ct(tmp_path / "1.dcm", np.zeros((32, 32)), PatientName="Doe^Jane")


def associate(
    port: int, aet: str, *kinds: str, syntax: str = ExplicitVRLittleEndian
) -> Association:
    entity = AE()
    for kind in kinds:
        entity.add_requested_context(kind, syntax)
    return entity.associate("127.0.0.1", port, ae_title=aet)


def test_it_answers_an_echo(port: int):
    association = associate(port, "DISTILIQA", VERIFICATION)
    assert association.send_c_echo().Status == 0
    association.release()


def test_an_object_is_kept_as_it_was_sent(queue: Queue, node: Node, ct: Path):
    node.store(ct)
    (found,) = queue.take_complete(0)
    (path,) = found.iterdir()
    sent = pydicom.dcmread(ct)
    assert found.name == short_hash(SERIES)
    assert path.name == f"{sent.SOPInstanceUID}.dcm"
    assert pydicom.dcmread(path) == sent


@pytest.mark.parametrize(
    ("write", "event"),
    [(write_dose_report, dose_event), (write_enhanced_report, event_summary)],
    ids=["classic", "enhanced"],
)
def test_a_dose_report_waits_for_its_study_and_is_no_series(
    queue: Queue,
    doses: ReceivedDoses,
    node: Node,
    tmp_path: Path,
    write: Callable[..., Path],
    event: Callable[..., pydicom.Dataset],
):
    node.store(write(tmp_path / "dose.dcm", event("1.2.3.4")))
    assert queue.take_complete(0) == []
    assert [one.event_uid for one in doses.events_of(STUDY)] == ["1.2.3.4"]


def test_a_series_is_complete_while_its_sender_is_connected(queue: Queue, port: int, ct: Path):
    association = associate(port, "DISTILIQA", CTImageStorage)
    assert association.send_c_store(pydicom.dcmread(ct)).Status == 0
    assert [series.name for series in queue.take_complete(0)] == [short_hash(SERIES)]
    association.release()


def test_several_send_at_the_same_time(
    queue: Queue, node: Node, write_series: Callable[..., Path], tmp_path: Path
):
    folders = [write_series(tmp_path / n, 3, SeriesInstanceUID=f"1.2.{n}") for n in "45"]
    paths = [path for folder in folders for path in folder.iterdir()]
    threads = [Thread(target=node.store, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(queue.arriving.glob("1.2.[45]/*.dcm"))) == len(paths)


def test_who_calls_another_title_is_not_heard(port: int):
    assert associate(port, "OTHER", VERIFICATION).is_rejected


def test_only_ct_is_taken_in_what_can_be_decoded(port: int):
    association = associate(port, "DISTILIQA", MRImageStorage, CTImageStorage)
    accepted = [context.abstract_syntax for context in association.accepted_contexts]
    association.release()
    assert accepted == [CTImageStorage]
    association = associate(port, "DISTILIQA", CTImageStorage, syntax=JPEG2000Lossless)
    assert len(association.accepted_contexts) == 1
    association.release()


def test_a_full_disk_refuses_and_the_sender_knows(
    node: Node,
    queue: Queue,
    ct: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(DistiliqaError, match=f"status {OUT_OF_RESOURCES:04X}H"):
        node.store(ct)
    assert list(queue.arriving.glob("*/*")) == []
    (line,) = caplog.messages
    assert line.startswith(f"{short_hash(SERIES)}: refused an object: ")


@pytest.mark.parametrize("series", [None, "", "../../../etc", "Doe^Jane"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_an_object_without_a_proper_series_is_refused(
    node: Node,
    tmp_path: Path,
    write_ct: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
    series: str | None,
):
    path = write_ct(tmp_path / "1.dcm", np.zeros((32, 32)), SeriesInstanceUID=series)
    with pytest.raises(DistiliqaError, match=f"status {CANNOT_UNDERSTAND:04X}H"):
        node.store(path)
    logged = [record.message for record in caplog.records if record.name.startswith("distiliqa")]
    assert len(logged) == 1
    assert "Doe" not in logged[0]
    assert [path for path in (tmp_path / "queue").rglob("*") if path.is_file()] == []


def test_a_taken_port_is_reported(port: int, queue: Queue, doses: ReceivedDoses):
    with (
        pytest.raises(DistiliqaError, match=f"127.0.0.1:{port}: cannot listen .*choose another"),
        receiving(queue, doses, "127.0.0.1", port, "DISTILIQA"),
    ):
        pass


@pytest.mark.parametrize("title", ["", " ", "A" * 17, "A\\B", "Ä", "A\nB"])
def test_a_title_that_is_none_is_reported(queue: Queue, doses: ReceivedDoses, title: str):
    with (
        pytest.raises(DistiliqaError, match="not a valid application entity title"),
        receiving(queue, doses, "127.0.0.1", 0, title),
    ):
        pass


def test_the_log_names_no_patient(node: Node, ct: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "distiliqa"):
        node.store(ct)
    assert "Doe" not in caplog.text


def test_an_object_that_is_sent_again_is_taken_again(node: Node, queue: Queue, ct: Path):
    node.store(ct)
    node.store(shutil.copy(ct, ct.with_name("copy.dcm")))
    assert len(list(queue.arriving.glob("*/*.dcm"))) == 1
