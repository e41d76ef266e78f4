"""Dose reports in a watched folder give the SSDE that `score` gives with the report beside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.dose_reports import PHANTOMS, STUDY, coded, dose_event, write_dose_report
from tools.phantom.blurred_body import body

import distiliqa
from distiliqa.monitor import Monitor
from distiliqa.scoring.model import Model

EVENT = "1.2.3.4"
Start = Callable[..., Monitor]
Rows = Callable[..., list[tuple]]
Write = Callable[..., Path]
SSDE = "SELECT ssde_mgy FROM series_means"
STATED = {"CTDIvol": 20.0, "CTDIPhantomTypeCodeSequence": coded(*PHANTOMS[32])}


def write_slices(folder: Path, write_ct: Write, **tags: object) -> None:
    """Two slices of a body with fat and bone, which is no phantom."""
    hu = body(0.35, pixel_mm=0.7, size=400, noise_hu=10, radius=0.42)
    hu[150:200, 100:300] -= 150
    hu[280:300, 180:220] += 600
    facts = {"PixelSpacing": [0.7, 0.7], "IrradiationEventUID": EVENT, **tags}
    for number in range(2):
        place = {"ImagePositionPatient": [-140, -140, 3 * number]}
        write_ct(folder / f"{number}.dcm", np.round(hu), **place, **facts)


def ssde_of_score(folder: Path, model: Model) -> list[float | None]:
    """SSDE of each slice by `score`, mGy."""
    (series,) = distiliqa.score(folder, model)
    return [slice_.measures and slice_.measures.ssde.ssde_mgy for slice_ in series.slices]


@pytest.fixture
def expected(tmp_path: Path, write_ct: Write, model: Model) -> float:
    """Mean SSDE of `score`, with the report beside the slices, mGy."""
    write_slices(tmp_path / "beside", write_ct)
    write_dose_report(tmp_path / "beside" / "rdsr.dcm", dose_event(EVENT))
    values = ssde_of_score(tmp_path / "beside", model)
    assert None not in values
    return float(np.mean(values))


@pytest.mark.parametrize("is_first", [True, False])
def test_a_report_may_come_before_its_images_or_later(
    folder: Path, start: Start, rows: Rows, write_ct: Write, expected: float, is_first: bool
) -> None:
    monitor = start()

    def report() -> None:
        write_dose_report(folder / "rdsr.dcm", dose_event("1.2.3.5", ctdivol=99), dose_event(EVENT))
        assert monitor.look().left_out == []  # it is used

    if is_first:
        report()
    write_slices(folder, write_ct)
    assert monitor.look().slices == 2
    if not is_first:
        assert rows(SSDE) == [(None,)]
        monitor = start()  # what it needs is on disk
        report()
    assert rows(SSDE) == [(pytest.approx(expected, abs=1e-6),)]
    assert rows("SELECT count(*) FROM dose_events") == [(2,)]


@pytest.mark.parametrize("other", [{"ctdivol": 11.0}, {"phantom": 16}])
def test_reports_that_disagree_take_the_dose_back(
    folder: Path, start: Start, rows: Rows, write_ct: Write, expected: float, other: dict
) -> None:
    monitor = start()
    write_slices(folder, write_ct)
    write_dose_report(folder / "a.dcm", dose_event(EVENT))
    monitor.look()
    assert rows(SSDE) == [(pytest.approx(expected, abs=1e-6),)]
    write_dose_report(folder / "b.dcm", dose_event(EVENT, **other))
    monitor.look()
    assert rows(SSDE) == [(None,)]


@pytest.mark.parametrize(
    ("event", "tags", "of_report"),
    [
        ("1.2.3.5", {}, {}),
        (EVENT, {}, {"StudyInstanceUID": f"{STUDY}.5"}),
        (EVENT, {"IrradiationEventUID": None}, {}),
    ],
)
def test_an_event_of_another_study_or_series_is_no_dose_of_it(
    folder: Path, start: Start, rows: Rows, write_ct: Write, event: str, tags: dict, of_report: dict
) -> None:
    monitor = start()
    write_slices(folder, write_ct, **tags)
    write_dose_report(folder / "rdsr.dcm", dose_event(event), **of_report)
    monitor.look()
    assert rows(SSDE) == [(None,)]


def test_what_the_header_states_stays(
    folder: Path, start: Start, rows: Rows, write_ct: Write
) -> None:
    monitor = start()
    write_slices(folder, write_ct, CTDIvol=20.0)
    monitor.look()
    assert rows("SELECT ctdivol_mgy, ssde_mgy FROM series_means") == [(20, None)]  # no phantom
    write_dose_report(folder / "rdsr.dcm", dose_event(EVENT, ctdivol=10.0))
    monitor.look()
    (with_phantom,) = rows("SELECT ssde_mgy / ctdivol_mgy FROM series_means")
    assert 1 < with_phantom[0] < 3  # the phantom of the report, and the CTDIvol of the header


def test_a_report_of_another_phantom_takes_the_dose_of_the_header_back(
    folder: Path, start: Start, rows: Rows, write_ct: Write, model: Model
) -> None:
    monitor = start()
    write_slices(folder, write_ct, **STATED)
    monitor.look()
    by_header = float(np.mean(ssde_of_score(folder, model)))
    assert rows(SSDE) == [(pytest.approx(by_header, abs=1e-6),)]
    report = write_dose_report(folder / "a.dcm", dose_event(EVENT, phantom=16))
    monitor.look()
    assert rows(SSDE) == [(None,)]
    assert ssde_of_score(folder, model) == [None, None]
    write_dose_report(report, dose_event(EVENT, phantom=32))
    monitor.look()
    assert rows(SSDE) == [(pytest.approx(by_header, abs=1e-6),)]


def test_reports_that_disagree_leave_the_dose_of_the_header(
    folder: Path, start: Start, rows: Rows, write_ct: Write, model: Model
) -> None:
    monitor = start()
    write_slices(folder, write_ct, **STATED)
    monitor.look()
    by_header = rows(SSDE)
    for name, ctdivol in (("a.dcm", 20.0), ("b.dcm", 21.0)):
        write_dose_report(folder / name, dose_event(EVENT, ctdivol=ctdivol))
        monitor.look()
    assert by_header == rows(SSDE) != [(None,)]
    assert rows(SSDE) == [(pytest.approx(np.mean(ssde_of_score(folder, model)), abs=1e-6),)]


def test_a_refused_phantom_is_that_of_no_slice_of_the_series(
    folder: Path, start: Start, rows: Rows, write_ct: Write, model: Model
) -> None:
    write_slices(folder, write_ct, **STATED)
    write_slices(folder / "b", write_ct, CTDIvol=20.0)
    for path in (folder / "0.dcm", folder / "b" / "1.dcm"):
        path.unlink()
    write_dose_report(folder / "rdsr.dcm", dose_event(EVENT, phantom=16))
    start().look()
    assert rows("SELECT ssde_mgy FROM slices") == [(None,), (None,)]
    assert ssde_of_score(folder, model) == [None, None]


@pytest.mark.parametrize("is_broken_between", [False, True])
def test_a_report_that_is_replaced_counts_no_more(
    folder: Path,
    start: Start,
    rows: Rows,
    write_ct: Write,
    expected: float,
    is_broken_between: bool,
) -> None:
    monitor = start()
    write_slices(folder, write_ct)
    former = write_dose_report(folder / "r.dcm", dose_event(EVENT, ctdivol=21.0)).read_bytes()
    monitor.look()
    twice = [(pytest.approx(2 * expected, abs=1e-6),)]
    assert rows(SSDE) == twice
    if is_broken_between:
        (folder / "r.dcm").write_bytes(former[:200])
        monitor.look()
        assert rows(SSDE) == twice
        monitor = start()
    write_dose_report(folder / "r.dcm", dose_event(EVENT, ctdivol=10.5))
    monitor.look()
    assert rows(SSDE) == [(pytest.approx(expected, abs=1e-6),)]
    (folder / "r.dcm").write_bytes(former)
    monitor.look()
    assert rows(SSDE) == twice


def test_another_copy_of_a_former_report_keeps_it(
    folder: Path, start: Start, rows: Rows, write_ct: Write, expected: float
) -> None:
    monitor = start()
    write_slices(folder, write_ct)
    for name in ("r.dcm", "copy.dcm"):
        write_dose_report(folder / name, dose_event(EVENT, ctdivol=11.0), SOPInstanceUID="1.2.9")
    monitor.look()
    write_dose_report(folder / "r.dcm", dose_event(EVENT))
    monitor.look()
    assert rows(SSDE) == [(None,)]  # they disagree
    write_dose_report(folder / "copy.dcm", dose_event(EVENT))
    monitor.look()
    assert rows(SSDE) == [(pytest.approx(expected, abs=1e-6),)]


def test_a_report_of_other_events_replaces_none(
    folder: Path, start: Start, rows: Rows, write_ct: Write, expected: float
) -> None:
    monitor = start()
    write_slices(folder, write_ct)
    write_dose_report(folder / "r.dcm", dose_event(EVENT))
    monitor.look()
    write_dose_report(folder / "r.dcm", dose_event("1.2.3.5", ctdivol=99))
    monitor.look()
    assert rows(SSDE) == [(pytest.approx(expected, abs=1e-6),)]
