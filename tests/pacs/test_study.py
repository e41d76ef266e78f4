from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.pacs.faulty import Answer, Faulty
from tests.pacs.orthanc import PASSWORD, USER, Orthanc

from distiliqa.pacs.credentials import Credentials
from distiliqa.pacs.dicomweb import Server
from distiliqa.pacs.retry import Retries
from distiliqa.pacs.study import Study

UID = "1.2.826.0.1.3680043.8.498.1"


def test_each_series_gets_a_folder(
    orthanc: Orthanc, write_series: Callable[..., Path], tmp_path: Path
):
    for count, series in ((2, "1.2.4"), (1, "1.2.5"), (1, "1.2.6")):
        orthanc.push(write_series(tmp_path / series, count, SeriesInstanceUID=series))
    study = Study(Server(orthanc.url, Credentials(USER, PASSWORD)), UID, ("1.2.4", "1.2.5"))
    seen: list[tuple[int, int]] = []
    download = study.download(tmp_path / "out", lambda *done: seen.append(done))
    assert download.paths == tuple(str(tmp_path / "out" / series) for series in study.series)
    assert [len(list(Path(path).iterdir())) for path in download.paths] == [2, 1]
    assert download.url == study.url
    assert seen == [(1, 2), (2, 2), (1, 1)]
    assert study.url == f"{orthanc.url}/studies/{UID}"


def test_a_report_that_is_not_stored_does_not_stop_the_next(
    faulty: Faulty, write_series: Callable[..., Path], tmp_path: Path
):
    faulty.answers = [Answer(409), Answer()]
    study = Study(Server(faulty.url, Credentials(), retries=Retries(1)), UID)
    first, second = sorted(write_series(tmp_path, 2).glob("*.dcm"))
    (problem,) = study.store([first, second])
    assert problem.path == str(first)
    assert problem.reason.startswith(f"{faulty.url}: answers 409 (Conflict); the log of the server")
    assert len(faulty.seen) == 2
