from __future__ import annotations

import pytest

from distiliqa.ct import Identification

STATED = {
    "StudyDate": "20211223",
    "AcquisitionTime": "140530.5",
    "ProtocolName": "5.2 CHEST",
    "SeriesDescription": "Lung 1 mm",
    "SeriesNumber": 4,
    "StationName": "CT01",
    "AccessionNumber": "A17",
    "IrradiationEventUID": "1.2.3.4",
}


def test_facts_by_which_people_find_a_scan(tmp_path, write_ct, body, read_one):
    info = read_one(write_ct(tmp_path / "a.dcm", body, **STATED)).info
    assert info.identification == Identification(
        "2021-12-23", "14:05:30", "5.2 CHEST", "Lung 1 mm", 4, "CT01", "A17", "2021-12-23"
    )
    assert (info.study_uid, info.event_uids) == ("1.2.826.0.1.3680043.8.498.1", ("1.2.3.4",))


def test_none_of_them_is_printed_or_a_fact_of_the_acquisition(
    tmp_path, write_ct, body, read_one, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    image = read_one(write_ct(tmp_path / "a.dcm", body, **STATED))
    shown = f"{image.info!r} {image.acquisition!r}".replace(str(tmp_path), "")
    secret = ("2021", "14:05", "CHEST", "Lung", "CT01", "A17", "1.2.3.4", "680043.8.498.1")
    assert [text for text in secret if text in shown] == []


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("tags", "date", "time"),
    [
        ({"AcquisitionDateTime": "20211223235959.1+0100"}, None, "23:59:59"),
        ({"StudyDate": "2021.12.23", "AcquisitionTime": "14:05:30"}, "2021-12-23", "14:05:30"),
        ({"StudyDate": "20211341", "AcquisitionTime": "990000"}, None, None),
        ({"AcquisitionTime": "1405"}, None, "14:05:00"),
        ({"AcquisitionTime": "14"}, None, "14:00:00"),
        ({"AcquisitionDateTime": "202112231405+0100"}, None, "14:05:00"),
        ({"StudyDate": "202111", "AcquisitionTime": "14053"}, None, None),
        ({"StudyDate": "", "AcquisitionTime": "noon"}, None, None),
    ],
)
def test_dates_and_times(tmp_path, write_ct, body, read_one, tags, date, time):
    found = read_one(write_ct(tmp_path / "a.dcm", body, **tags)).info.identification
    assert (found.study_date, found.scan_time) == (date, time)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("tags", "date"),
    [
        ({"AcquisitionDateTime": "20211224001500", "AcquisitionDate": "20211225"}, "2021-12-24"),
        ({"AcquisitionDate": "20211224", "AcquisitionTime": "001500"}, "2021-12-24"),
        ({"AcquisitionDateTime": "noon", "AcquisitionDate": "2021.12.24"}, "2021-12-24"),
        ({"AcquisitionDateTime": "2021", "AcquisitionDate": "20219999"}, "2021-12-23"),
        ({"AcquisitionDateTime": "202111"}, "2021-12-23"),
        ({"AcquisitionTime": "235900"}, "2021-12-23"),
    ],
)
def test_the_date_of_the_scan_is_that_of_the_acquisition(
    tmp_path, write_ct, body, read_one, tags, date
):
    path = write_ct(tmp_path / "a.dcm", body, StudyDate="20211223", **tags)
    found = read_one(path).info.identification
    assert (found.study_date, found.scan_date) == ("2021-12-23", date)


@pytest.mark.parametrize("placeholder", ["00010101", "08880101", "19000101"])
def test_a_placeholder_of_an_anonymizer_is_no_date(tmp_path, write_ct, body, read_one, placeholder):
    tags = {"AcquisitionDateTime": f"{placeholder}000000", "AcquisitionTime": "140530"}
    path = write_ct(tmp_path / "a.dcm", body, StudyDate=placeholder, **tags)
    found = read_one(path).info.identification
    assert (found.study_date, found.scan_date, found.scan_time) == (None, None, "14:05:30")


def test_a_date_beside_a_placeholder_is_that_of_the_scan(tmp_path, write_ct, body, read_one):
    tags = {"AcquisitionDate": "00010101", "StudyDate": "19580223"}  # shifted, not removed
    found = read_one(write_ct(tmp_path / "a.dcm", body, **tags)).info.identification
    assert (found.study_date, found.scan_date) == ("1958-02-23", "1958-02-23")


def test_a_slice_of_several_events_has_all_of_them(tmp_path, write_ct, body, read_one):
    tags = {"IrradiationEventUID": ["1.2.3", "1.2.4"], "StudyInstanceUID": None}
    info = read_one(write_ct(tmp_path / "a.dcm", body, **tags)).info
    assert (info.study_uid, info.event_uids) == (None, ("1.2.3", "1.2.4"))


def test_a_slice_without_them(tmp_path, write_ct, body, read_one):
    info = read_one(write_ct(tmp_path / "a.dcm", body)).info
    assert (info.identification, info.event_uids) == (Identification(), ())
