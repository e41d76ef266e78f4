from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from highdicom.sr import srread
from pydicom.sr.codedict import codes as dicom
from tests.support.made import CALIBRATED, SEES

from distiliqa.errors import DistiliqaError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.pacs.results.dicom_result import (
    DETAIL_LOST,
    GLOBAL_NOISE_LEVEL,
    HOUNSFIELD_UNIT,
    IMAGE_QUALITY_RATING,
    INTERVAL_HIGH,
    INTERVAL_LOW,
    MEAN,
    MODEL_SCORE,
    NO,
    NO_UNITS,
    OUT_OF_DOMAIN,
    PROCESSED,
    SLICES,
    SLICES_OUT_OF_DOMAIN,
    SLICES_PROCESSED,
    YES,
)
from distiliqa.pacs.results.earlier_reports import read_scores
from distiliqa.pacs.results.structured_report import structured_report, write_sr


@pytest.fixture
def filed(tmp_path, scored, model, write_series):
    """A report of three slices on disk: the path, and the scores in it."""
    (series,) = scored(write_series(tmp_path / "in"))
    write_sr(tmp_path / "sr.dcm", series, model)
    return tmp_path / "sr.dcm", series


def test_scores_are_read_back_equal(filed):
    path, series = filed
    images = [pydicom.dcmread(slice_.path) for slice_ in series.slices]
    assert read_scores(path) == [
        (image.SOPInstanceUID, slice_.score, slice_.interval, 0)
        for image, slice_ in zip(images, series.slices, strict=True)
    ]


def test_without_an_interval_none_is_read_back(tmp_path, scored, model, write_series):
    fields = {"interval": None, "distance": None, "noise_hu": None}
    (series,) = scored(write_series(tmp_path / "in"), **fields)
    write_sr(tmp_path / "sr.dcm", series, model)
    assert [slice_.interval for slice_ in read_scores(tmp_path / "sr.dcm")] == [None] * 3
    groups = srread(tmp_path / "sr.dcm").content.get_image_measurement_groups()
    assert [len(group.get_measurements()) for group in groups] == [4, 2, 2, 2]


def test_the_series_is_summed_up_first(filed):
    path, series = filed
    summary, *slices = srread(path).content.get_image_measurement_groups()
    found = {(m.name, m.derivation): (m.value, m.unit) for m in summary.get_measurements()}
    score, (low, high) = series.score, series.interval
    assert found == {
        (IMAGE_QUALITY_RATING, MEAN): (25 * score, NO_UNITS),
        (IMAGE_QUALITY_RATING, INTERVAL_LOW): (max(25 * low, 0), NO_UNITS),
        (IMAGE_QUALITY_RATING, INTERVAL_HIGH): (min(25 * high, 100), NO_UNITS),
        (MODEL_SCORE, MEAN): (score, NO_UNITS),
        (MODEL_SCORE, INTERVAL_LOW): (low, NO_UNITS),
        (MODEL_SCORE, INTERVAL_HIGH): (high, NO_UNITS),
        (GLOBAL_NOISE_LEVEL, MEAN): (series.noise_hu, HOUNSFIELD_UNIT),
        (SLICES, None): (3, NO_UNITS),
        (SLICES_OUT_OF_DOMAIN, None): (2, NO_UNITS),
    }
    outside = [group.get_qualitative_evaluations(OUT_OF_DOMAIN)[0].value for group in slices]
    assert outside == [NO, YES, YES]


def test_the_rating_is_best_at_100_where_lower_scores_are_better(
    tmp_path, scored, model, write_series
):
    (series,) = scored(write_series(tmp_path / "in"))
    turned = replace(model, scale=replace(model.scale, higher_is_better=False))
    write_sr(tmp_path / "sr.dcm", series, turned)
    summary, *_ = srread(tmp_path / "sr.dcm").content.get_image_measurement_groups()
    found = [float(m.value) for m in summary.get_measurements(IMAGE_QUALITY_RATING)]
    low, high = series.interval
    assert found == pytest.approx([min(100 - 25 * v, 100) for v in (series.score, high, low)])


def test_each_slice_says_what_scored_it(filed, model):
    path, _ = filed
    for group in srread(path).content.get_image_measurement_groups():
        texts = [item.TextValue for item in group[0].ContentSequence if item.ValueType == "TEXT"]
        assert "distiliqa tiny" in texts
        assert "1.0" in texts
        assert f"model sha256 {'ab' * 32}" in texts
        assert "window width 350 HU, level 40 HU" in texts
        assert "coverage of prediction intervals 0.9" in texts


def test_it_is_of_the_patient_and_study_of_the_images(tmp_path, scored, model, write_series):
    who = {"PatientName": "Yamada^Tarou=山田^太郎", "SpecificCharacterSet": "ISO_IR 192"}
    folder = write_series(tmp_path / "in", PatientID="P 7", StudyID="S1", **who)
    (series,) = scored(folder)
    write_sr(tmp_path / "sr.dcm", series, model)
    report = pydicom.dcmread(tmp_path / "sr.dcm")
    source = pydicom.dcmread(series.slices[0].path)
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "StudyID"):
        assert report[keyword].value == source[keyword].value
    assert report.PatientBirthDate == ""
    assert report.SeriesInstanceUID != source.SeriesInstanceUID
    assert (report.VerificationFlag, report.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    assert "not a medical device" in report.SeriesDescription


def test_a_name_in_letters_of_another_set_is_the_same_name(tmp_path, scored, model, write_series):
    who = {"PatientName": "Петров^Иван", "SpecificCharacterSet": "ISO_IR 144"}
    (series,) = scored(write_series(tmp_path / "in", 1, **who))
    write_sr(tmp_path / "sr.dcm", series, model)
    report = pydicom.dcmread(tmp_path / "sr.dcm")
    assert (report.PatientName, report.SpecificCharacterSet) == ("Петров^Иван", "ISO_IR 192")


def test_a_placeholder_for_a_removed_date_has_a_report(tmp_path, scored, model, write_series):
    dates = {"StudyDate": "00010101", "PatientBirthDate": "00010101"}
    (series,) = scored(write_series(tmp_path / "in", **dates))
    write_sr(tmp_path / "sr.dcm", series, model)
    report = pydicom.dcmread(tmp_path / "sr.dcm")
    assert {keyword: report[keyword].value for keyword in dates} == dates


def test_a_name_with_a_backslash_has_a_report(
    tmp_path, scored, model, write_series, caplog, dicom_errors
):
    names = {"PatientName": "Doe\\Roe^Jane", "PatientID": "1\\2"}
    (series,) = scored(write_series(tmp_path / "in", 2, **names))
    write_sr(tmp_path / "sr.dcm", series, model)
    report = pydicom.dcmread(tmp_path / "sr.dcm")
    assert (report.PatientName, report.PatientID) == ("Doe Roe^Jane", "1 2")
    said = [line.split(": ", 1)[1] for line in caplog.messages]
    assert said == [f"{keyword} has a backslash, which became a space" for keyword in names]
    assert dicom_errors(tmp_path / "sr.dcm") == []


def test_all_images_are_evidence_and_the_observer_is_a_device(filed):
    path, series = filed
    report = pydicom.dcmread(path)
    (study,) = report.CurrentRequestedProcedureEvidenceSequence
    (group,) = study.ReferencedSeriesSequence
    referred = {image.ReferencedSOPInstanceUID for image in group.ReferencedSOPSequence}
    assert referred == {pydicom.dcmread(slice_.path).SOPInstanceUID for slice_ in series.slices}
    (observer,) = srread(path).content.get_observer_contexts()
    assert observer.observer_type == dicom.DCM.Device


def test_reports_of_one_series_share_a_series_but_not_a_name(tmp_path, scored, model, write_series):
    (series,) = scored(write_series(tmp_path))
    one, other = (structured_report(series, model) for _ in range(2))
    assert one.SeriesInstanceUID == other.SeriesInstanceUID
    assert one.SOPInstanceUID != other.SOPInstanceUID


def test_a_run_that_was_stopped_is_marked(tmp_path, scored, model, write_series):
    (series,) = scored(write_series(tmp_path))
    assert structured_report(series, model).CompletionFlag == "COMPLETE"
    assert structured_report(replace(series, expected=99), model).CompletionFlag == "PARTIAL"


def test_frames_of_an_enhanced_image_are_distinct(
    tmp_path, scored, model, write_enhanced, dicom_errors
):
    path = write_enhanced(tmp_path / "a.dcm", 3)
    (series,) = scored(path)
    write_sr(tmp_path / "sr.dcm", series, model)
    uid = pydicom.dcmread(path).SOPInstanceUID
    found = [(slice_.sop_uid, slice_.frame) for slice_ in read_scores(tmp_path / "sr.dcm")]
    assert found == [(uid, slice_.frame) for slice_ in series.slices]
    assert len(found) == 3
    assert dicom_errors(tmp_path / "sr.dcm") == []


def test_dciodvfy_finds_no_error(tmp_path, scored, model, write_series, dicom_errors):
    for name, path in {"example": EXAMPLE_SERIES, "bare": write_series(tmp_path / "in")}.items():
        for n, series in enumerate(scored(path)):
            write_sr(tmp_path / f"{name}{n}.dcm", series, model)
            assert dicom_errors(tmp_path / f"{name}{n}.dcm") == []


@pytest.mark.filterwarnings("ignore:The string")  # unusual names
def test_dciodvfy_finds_no_error_in_reports_of_real_series(
    shared_data, tmp_path, scored, model, dicom_errors
):
    found = scored(shared_data / "ct-dev" / "normal_dose")
    assert len(found) > 10
    for n, series in enumerate(found):
        write_sr(tmp_path / f"{n}.dcm", series, model)
        assert dicom_errors(tmp_path / f"{n}.dcm") == []
        assert [slice_.score for slice_ in read_scores(tmp_path / f"{n}.dcm")] == [
            slice_.score for slice_ in series.slices
        ]


def test_another_file_holds_no_scores(tmp_path, write_ct):
    path = write_ct(tmp_path / "a.dcm", [[0] * 64] * 64)
    for wrong in (path, tmp_path / "missing.dcm", Path(__file__)):
        with pytest.raises(DistiliqaError, match="not a report of image quality"):
            read_scores(wrong)


def test_processed_slices_and_the_limits_of_the_model_are_stated(
    tmp_path, scored, model, write_series, dicom_errors
):
    (series,) = scored(write_series(tmp_path / "in"), processed=0.75)
    flagged = [replace(series.slices[0], counts_as_processed=True), *series.slices[1:]]
    known = replace(model, **CALIBRATED)
    write_sr(tmp_path / "sr.dcm", replace(series, slices=tuple(flagged)), known)
    summary, *slices = srread(tmp_path / "sr.dcm").content.get_image_measurement_groups()
    found = {m.name: m.value for m in summary.get_measurements()}
    assert (found[SLICES_PROCESSED], found[PROCESSED]) == (1, 0.75)
    assert [float(s.get_measurements(PROCESSED)[0].value) for s in slices] == [0.75] * 3
    verdicts = [group.get_qualitative_evaluations(DETAIL_LOST)[0].value for group in slices]
    assert verdicts == [YES, NO, NO]
    texts = [
        [item.TextValue for item in group[0].ContentSequence if item.ValueType == "TEXT"]
        for group in (summary, *slices)
    ]
    assert [SEES in said for said in texts] == [True, False, False, False]
    (held,) = [text for text in texts[0] if text.startswith("score held back by up to 0.4")]
    assert "above 0.5: detail may be lost that the image cannot show" in held
    assert dicom_errors(tmp_path / "sr.dcm") == []
