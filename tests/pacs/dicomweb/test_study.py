from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.fake_pacs import FakePacs, receipt_of, uid_of
from tests.support.faulty_server import Answer, Faulty
from tests.support.orthanc import PASSWORD, USER, Orthanc

from distiliqa.ct import Problem
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.study import Download, Study
from distiliqa.pacs.retry import Retries, UnreachableError
from distiliqa.scoring.inputs import Found

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
    first, second = sorted(write_series(tmp_path, 2).glob("*.dcm"))
    faulty.answers = [Answer(409), Answer(body=receipt_of(second))]
    study = Study(Server(faulty.url, Credentials(), retries=Retries(1)), UID)
    (problem,) = study.store([first, second])
    assert problem.path == str(first)
    assert problem.reason.startswith(f"{faulty.url}: answers 409 (Conflict); the log of the server")
    assert len(faulty.seen) == 2


@pytest.fixture
def study(fake_pacs: FakePacs) -> Study:
    retries = Retries(attempts=2, first_wait_s=0.01)
    return Study(Server(fake_pacs.url, Credentials(), retries=retries), UID)


def count_of(download: Download) -> int:
    return sum(len(list(Path(path).iterdir())) for path in download.paths)


@pytest.mark.parametrize("warns", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_a_capped_search_is_asked_page_by_page(
    study: Study, fake_pacs: FakePacs, tmp_path: Path, warns: bool, counts: bool
):
    fake_pacs.cap, fake_pacs.warns, fake_pacs.counts = 1, warns, counts
    download = study.download(tmp_path)
    assert count_of(download) == 4
    assert download.missing == ()


@pytest.mark.parametrize(
    ("warns", "counts", "words"),
    [
        (True, True, "the server lists 3 of 4 that it has; raise its limit"),
        (False, True, "the server lists 3 of 4 that it has; raise its limit"),
        (True, False, "the server lists 3 and says: 299 fake: There are 1 additional results"),
    ],
)
def test_a_list_that_is_not_whole_is_named(
    study: Study, fake_pacs: FakePacs, tmp_path: Path, warns: bool, counts: bool, words: str
):
    fake_pacs.cap, fake_pacs.pages = 3, False
    fake_pacs.warns, fake_pacs.counts = warns, counts
    download = study.download(tmp_path)
    assert count_of(download) == 3
    (problem,) = download.missing
    assert problem.path == download.paths[0]
    assert problem.reason.startswith(words)


def test_a_list_of_series_that_is_not_whole_is_named(
    study: Study, fake_pacs: FakePacs, tmp_path: Path
):
    fake_pacs.series["1.2.5"] = fake_pacs.series["1.2.4"][:1]
    fake_pacs.cap, fake_pacs.pages = 1, False
    (of_study, of_series) = study.download(tmp_path).missing
    assert of_study == (study.url, "the server lists 1 of 2 that it has; raise its limit")
    assert of_series.path == str(tmp_path / "1.2.4")


@pytest.mark.parametrize("status", [404, 406, 410, 500])
def test_an_object_that_the_server_cannot_give_costs_itself_alone(
    study: Study, fake_pacs: FakePacs, tmp_path: Path, status: int
):
    lost = uid_of(fake_pacs.series["1.2.4"][1])
    fake_pacs.lost[lost] = status
    download = study.download(tmp_path)
    assert count_of(download) == 3
    (problem,) = download.missing
    assert problem.path == str(tmp_path / "1.2.4" / f"{lost}.dcm")
    assert f"answers {status}" in problem.reason


def test_a_series_of_which_nothing_comes_is_named(
    study: Study, fake_pacs: FakePacs, tmp_path: Path
):
    fake_pacs.lost = dict.fromkeys(map(uid_of, fake_pacs.series["1.2.4"]), 503)
    download = study.download(tmp_path)
    assert (download.paths, len(download.missing)) == ((), 4)
    objects = [path for path in fake_pacs.seen if "/instances/" in path]
    assert len(objects) == 2 + 3  # what fails is not asked for again and again


def test_a_server_that_is_gone_is_not_asked_for_all_the_rest(
    study: Study, fake_pacs: FakePacs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def away(*_: object, **__: object) -> None:
        asked.append(1)
        raise UnreachableError("no answer in time")

    monkeypatch.setattr(study.server, "retrieve", away)
    fourth = study.download(tmp_path).missing[3]
    assert len(asked) == 3
    assert fourth.reason == "not asked for, as 3 before it got no answer in time; check the server"


def test_a_server_that_takes_no_parameters_is_asked_without(
    study: Study, fake_pacs: FakePacs, tmp_path: Path
):
    fake_pacs.plain, fake_pacs.cap = True, 3
    download = study.download(tmp_path)
    assert (count_of(download), download.missing) == (4, ())


def test_a_series_without_objects_is_named(study: Study, fake_pacs: FakePacs, tmp_path: Path):
    fake_pacs.series["1.2.5"] = []
    (problem,) = study.download(tmp_path).missing
    assert problem == (
        str(tmp_path / "1.2.5"),
        "the server lists no object of it; check the series there",
    )


def problems(found: Found) -> tuple[list[str], list[str]]:
    """The paths of what failed, and of what was left out."""
    index = found.index
    return [failed.path for failed in index.failed], [other.path for other in index.left_out]


def test_a_series_of_localizers_is_left_out(
    study: Study, fake_pacs: FakePacs, scouts: list[Path], tmp_path: Path
):
    fake_pacs.series["1.2.5"] = scouts
    found = study.download(tmp_path / "out").find()
    assert problems(found) == ([], [f"{study.url}/series/1.2.5"])
    assert len(found.index.slices) == 4


def test_a_series_of_localizers_that_was_asked_for_fails(
    study: Study, fake_pacs: FakePacs, scouts: list[Path], tmp_path: Path
):
    fake_pacs.series["1.2.5"] = scouts
    named = replace(study, series=("1.2.4", "1.2.5"))
    found = named.download(tmp_path / "out").find()
    assert problems(found) == ([f"{study.url}/series/1.2.5"], [])


def test_a_study_of_localizers_alone_fails(
    study: Study, fake_pacs: FakePacs, scouts: list[Path], tmp_path: Path
):
    fake_pacs.series = {"1.2.5": scouts}
    found = study.download(tmp_path / "out").find()
    assert problems(found) == ([f"{study.url}/series/1.2.5"], [])


def test_a_localizer_that_does_not_come_fails(
    study: Study, fake_pacs: FakePacs, scouts: list[Path], tmp_path: Path
):
    fake_pacs.series["1.2.5"] = scouts
    lost = uid_of(scouts[0])
    fake_pacs.lost[lost] = 404
    place = f"{study.url}/series/1.2.5"
    found = study.download(tmp_path / "out").find()
    assert problems(found) == ([f"{place}/instances/{lost}"], [place])


URL = "https://pacs/rs/studies/1.2"


@pytest.fixture
def download(tmp_path: Path) -> Download:
    return Download(URL, tmp_path, ())


def test_a_path_is_named_by_its_url(download: Download, tmp_path: Path):
    file = tmp_path / "1.3" / "1.4.5.dcm"
    assert download.text(str(file)) == f"{URL}/series/1.3/instances/1.4.5"
    assert download.text(f"a copy of {file}, of 1.dcm") == (
        f"a copy of {URL}/series/1.3/instances/1.4.5, of 1.dcm"
    )
    assert download.text(f"{file.parent}: no CT") == f"{URL}/series/1.3: no CT"
    assert download.text("elsewhere/1.3/1.4.dcm") == "elsewhere/1.3/1.4.dcm"


def test_its_slices_are_named_as_those_of_the_study_and_read_where_they_are(
    tmp_path: Path, write_series: Callable[..., Path]
):
    folder = write_series(tmp_path / "1.3", 2)
    (folder / "1.dcm").rename(folder / "1.4.dcm")
    (folder / "0.dcm").rename(folder / "1.7.dcm")
    bad = folder / "1.5.dcm"
    bad.write_bytes(b"no DICOM")
    missing = Problem(str(folder / "1.6.dcm"), f"not as {bad}")
    found = Download(URL, tmp_path, (str(folder),), (missing,)).find()
    first = found.index.slices[0]
    assert found.inputs == (URL,)
    assert first.path == first.file_name == f"{URL}/series/1.3/instances/1.4"
    assert first.read().path == first.path
    assert found.index.failed[0].path == f"{URL}/series/1.3/instances/1.5"
    assert found.index.failed[1].reason == f"not as {URL}/series/1.3/instances/1.5"
    assert found.expected == {first.series: 4}
    assert str(tmp_path) not in repr((found.index.failed, found.index.left_out, first))
