from __future__ import annotations

from pathlib import Path

from tests.support.made import SECRETS

from distiliqa.report.html import write_html
from distiliqa.report.scan_facts import scan_texts
from distiliqa.scoring.result import ScoringRun


def test_all_that_names_a_scan_is_given_when_asked(named: ScoringRun):
    assert list(scan_texts(named.series[0], identify=False)) == []
    assert dict(scan_texts(named.series[0], identify=True)) == {
        "Series number": "4",
        "Time of day": "10:22:31",
        "Study date": "2019-02-03",
        "Protocol": "=Liver",
        "Series description": "Jane Doe follow-up",
        "Station": "CT-ROOM-9",
        "Accession number": "ACC77",
    }


def test_facts_that_no_header_states_are_left_out(run: ScoringRun):
    assert "Station" not in dict(scan_texts(run.series[0], identify=True))


def test_the_page_names_the_scan_when_asked(named: ScoringRun, tmp_path: Path):
    stated = (
        "2019-02-03",
        "=Liver",
        "Jane Doe follow-up",
        SECRETS.station,
        SECRETS.accession_number,
    )
    page = tmp_path / "report.html"
    write_html(page, named)
    written = page.read_text(encoding="utf-8")
    assert not [fact for fact in stated if str(fact) in written]
    assert "A name is the number of the series in its study" in written
    write_html(page, named, identify=True)
    written = page.read_text(encoding="utf-8")
    assert [fact for fact in stated if f"<dd>{fact}</dd>" not in written] == []
    assert "A name is the number of the series in its study" not in written
