from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image
from tests.support.made import with_facts
from tests.support.sized import sized_run, sized_series

from distiliqa.ct import Acquisition, SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.report import pdf as pdf_module
from distiliqa.report import report
from distiliqa.report.pdf import require_pdf, write_pdf
from distiliqa.scoring.domain import OUT_OF_DOMAIN
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.result import ScoringRun

reportlab = pytest.importorskip("reportlab")

STATED = ("2019-02-03", "CT-ROOM-9", "ACC77", "follow-up")
LONG = "An-endless_name.without:a/single space" * 8
WORDS = "a great many words about the acquisition " * 12


class Box(NamedTuple):
    """Where a paragraph was drawn, points, and what it says."""

    page: int
    left: float
    bottom: float
    right: float
    top: float
    text: str


@pytest.fixture
def boxes(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """The place of each paragraph that is drawn."""
    from reportlab.platypus import Paragraph

    found: list[Box] = []
    draw = Paragraph.drawOn

    def noted(self: Any, canvas: Any, x: float, y: float, _sW: float = 0) -> None:
        left, bottom = canvas.absolutePosition(x, y)
        page = canvas.getPageNumber()
        right, top = left + self.width, bottom + self.height
        found.append(Box(page, left, bottom, right, top, self.getPlainText()))
        draw(self, canvas, x, y, _sW)

    monkeypatch.setattr(Paragraph, "drawOn", noted)
    return found


@pytest.fixture
def rich(run: ScoringRun) -> ScoringRun:
    """The run with all that a model may give, and headers that say too much."""
    made = Acquisition(kvp=120.0, kernel=LONG, scanner=LONG, manufacturer=WORDS, body_part=WORDS)
    slices = tuple(
        replace(
            with_facts(slice_, acquisition=made),
            interval=(slice_.score - 0.5, slice_.score + 0.5),
            distance=1.5 * n,
            heatmap=np.full((8, 8), n, np.float32),
            warnings=(WORDS, LONG, "<b>bold</b> & more"),
        )
        for n, slice_ in enumerate(run.slices)
    )
    return replace(run, slices=slices)


def overlap(one: Box, other: Box) -> bool:
    apart = 0.1  # points
    return (
        one.page == other.page
        and min(one.right, other.right) - max(one.left, other.left) > apart
        and min(one.top, other.top) - max(one.bottom, other.bottom) > apart
    )


def test_no_text_lies_on_another_or_off_the_page(
    rich: ScoringRun, boxes: list[Box], tmp_path: Path
):
    notes = f"{WORDS * 20}\n{LONG * 20}\n\nthe end"
    write_pdf(tmp_path / "report.pdf", rich, notes=notes, identify=True)
    assert len(boxes) > 40
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    for box in boxes:
        assert box.left >= 45
        assert box.right <= 550.1
        assert box.bottom >= 50
        assert box.top <= 780


def test_the_coverage_of_intervals_is_stated(
    run: ScoringRun, rich: ScoringRun, boxes: list[Box], tmp_path: Path
):
    config = replace(run.model, interval_calibration=IntervalCalibration(0.8, 1.0, 0.1, 10, 2))
    write_pdf(tmp_path / "report.pdf", replace(rich, model=config))
    words = "Interval: 80 % prediction interval of the rating of a slice; for a series the means"
    assert sum(box.text.startswith(words) for box in boxes) == 1
    boxes.clear()
    write_pdf(tmp_path / "report.pdf", run)
    assert not any("prediction interval of the rating" in box.text for box in boxes)


def test_long_words_are_broken(rich: ScoringRun, boxes: list[Box], tmp_path: Path):
    from reportlab.pdfbase.pdfmetrics import stringWidth

    from distiliqa.report.pdf.document import SMALL, text

    cell = text(LONG)
    cell.wrap(60, 1000)
    lines = [line[1] if isinstance(line, tuple) else line.words for line in cell.blPara.lines]
    widths = [stringWidth(" ".join(words), SMALL.fontName, SMALL.fontSize) for words in lines]
    assert len(widths) > 10
    assert max(widths) <= 60


def test_a_paragraph_has_the_room_of_its_longest_word():
    from distiliqa.report.pdf.document import SIDE, STRONG, grid, text

    columns = (("A", 14.0, False), ("B", 1.0, False))
    cell = text("sharpness below", STRONG)
    table = grid(columns, [("a", cell)])
    assert table._colWidths[1] == pytest.approx(cell.minWidth() + 2 * SIDE)


def test_says_what_it_is_and_numbers_its_pages(run: ScoringRun, boxes: list[Box], tmp_path: Path):
    write_pdf(tmp_path / "report.pdf", run, notes="Weekly check\n<i>of</i> scanner 2")
    text = " ".join(box.text for box in boxes)
    for words in ("Weekly check", "<i>of</i> scanner 2", "Worst", "Provenance", "Not scored"):
        assert words in text
    for number in (run.series[0].score, run.series[1].score):
        assert f"{number:.2f}" in text


def test_the_scan_of_a_series_is_named_when_asked(
    named: ScoringRun, boxes: list[Box], tmp_path: Path
):
    write_pdf(tmp_path / "report.pdf", named)
    assert not [name for name in STATED if any(name in box.text for box in boxes)]
    write_pdf(tmp_path / "report.pdf", named, identify=True)
    assert all(any(name in box.text for box in boxes) for name in STATED)


def test_names_nobody_unless_asked_to(run: ScoringRun, boxes: list[Box], tmp_path: Path):
    write_pdf(tmp_path / "report.pdf", run)
    text = " ".join(box.text for box in boxes)
    for name in ("DOE", "thorax", "broken.dcm", "1.2.4", str(Path(run.slices[0].path).parent)):
        assert name not in text
    boxes.clear()
    write_pdf(tmp_path / "report.pdf", run, identify=True)
    assert "thorax" in " ".join(box.text for box in boxes)


def test_the_pages_carry_the_caution_and_their_number(
    run: ScoringRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from reportlab.pdfgen.canvas import Canvas

    drawn: list[str] = []
    draw = Canvas.drawRightString

    def noted(self: Any, x: float, y: float, text: str, **options: Any) -> None:
        drawn.append(text)
        draw(self, x, y, text, **options)

    monkeypatch.setattr(Canvas, "drawRightString", noted)
    write_pdf(tmp_path / "report.pdf", run)
    pages = [text for text in drawn if text.startswith("page ")]
    assert pages == [f"page {n} of {len(pages)}" for n in range(1, len(pages) + 1)]
    assert drawn.count("Research software, not a medical device.") == len(pages) > 1


def test_a_slice_that_has_gone_has_words_for_a_picture(
    run: ScoringRun, boxes: list[Box], tmp_path: Path
):
    gone = tuple(
        with_facts(slice_, path=f"/gone/{n}.dcm", decode=None)
        for n, slice_ in enumerate(run.slices)
    )
    write_pdf(tmp_path / "report.pdf", replace(run, slices=gone))
    assert any("can no longer be read" in box.text for box in boxes)


def test_warnings_of_a_series_and_of_its_slices_are_reported_once(
    run: ScoringRun, boxes: list[Box], tmp_path: Path
):
    first, *others = run.slices
    first = replace(first, distance=2.0, warnings=(OUT_OF_DOMAIN,))
    write_pdf(tmp_path / "report.pdf", replace(run, slices=(first, *others)))
    texts = [box.text for box in boxes]
    assert texts.count("Note on the series: one slice only: no profile, no tenth percentile") == 1
    assert [text for text in texts if "what the model was trained on: read" in text] == [
        f"Note on 1 of 1 slices: {OUT_OF_DOMAIN}"
    ]


@pytest.mark.parametrize(
    ("count", "words"),
    [(False, "do not count in the other figures"), (True, "They count in the other")],
)
def test_states_whether_slices_out_of_domain_count(
    run: ScoringRun, boxes: list[Box], tmp_path: Path, count: bool, words: str
):
    write_pdf(tmp_path / "report.pdf", replace(run, count_outside=count))
    assert [words in box.text for box in boxes if "Out of domain: slices" in box.text] == [True]


def test_the_provenance_states_the_options(leveled: ScoringRun, boxes: list[Box], tmp_path: Path):
    hashed = replace(leveled.levels, sha256="ab" * 32)
    write_pdf(tmp_path / "report.pdf", replace(leveled, levels=hashed, measures="none"))
    shown = [box.text for box in boxes]
    assert {"measures", "none", "slices out of domain count", "dose reports"} <= set(shown)
    assert f"SHA-256 {'ab' * 32}" in shown


def test_pictures_of_another_report_are_taken_as_they_are(
    run: ScoringRun, boxes: list[Box], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pictures = report(run, tmp_path)
    monkeypatch.setattr(SliceInfo, "read", None)
    write_pdf(tmp_path / "report.pdf", run, pictures=pictures)
    assert not any("can no longer be read" in box.text for box in boxes)


def test_the_same_run_makes_the_same_file(run: ScoringRun, tmp_path: Path):
    Image.new("RGB", (300, 100), "navy").save(tmp_path / "logo.png")
    for name in ("a.pdf", "b.pdf"):
        write_pdf(tmp_path / name, run, logo=tmp_path / "logo.png")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_logo_that_is_no_picture_is_refused(tmp_path: Path):
    (tmp_path / "logo.png").write_text("no picture")
    for name in ("logo.png", "missing.png"):
        with pytest.raises(DistiliqaError, match=rf"{name}: cannot be read as a picture; give"):
            require_pdf(tmp_path / name)


def test_a_missing_reportlab_is_reported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pdf_module, "is_installed", lambda name: False)
    with pytest.raises(DistiliqaError, match=r'pip install "reportlab>='):
        require_pdf()


def test_processing_is_on_paper_and_every_page_says_what_the_model_sees(
    run: ScoringRun, denoised: ScoringRun, boxes: list[Box], tmp_path: Path
):
    many = replace(denoised.model, ladders=denoised.model.ladders * 12)  # a foot of several lines
    write_pdf(tmp_path / "report.pdf", replace(denoised, model=many))
    said = [box.text for box in boxes]
    feet = [box for box in boxes if " pairs rightly for noise, noise," in box.text]
    assert len(feet) == len({box.page for box in boxes}) > 1
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    assert min(box.bottom for box in feet) > 10
    assert "Processed" in said
    assert said[said.index("Processed slices") + 1] == "2"  # of the worst series, which is first
    assert sum(LOST_DETAIL in text for text in said) == 2  # legend, and the note of the series
    boxes.clear()
    write_pdf(tmp_path / "report.pdf", run)
    assert not any("On simulated faults" in box.text or "Processed" in box.text for box in boxes)


def test_levels_and_doses_are_on_paper(
    leveled: ScoringRun, dosed: ScoringRun, boxes: list[Box], tmp_path: Path
):
    both = replace(leveled, doses=dosed.doses)
    write_pdf(tmp_path / "report.pdf", both)
    said = [box.text for box in boxes]
    assert [pair for pair in combinations(boxes, 2) if overlap(*pair)] == []
    assert {"Levels", "in range", "chest", "420.0 mGy.cm"} <= set(said)
    assert "Dose events without a series" in said
    assert not any("Doe" in text for text in said)


def test_noise_dose_and_size_of_the_run(run: ScoringRun, boxes: list[Box], tmp_path: Path):
    doses = ((1, 5, 20), (2, 20, 5), (3, 10, 10))
    many = [sized_series(n, noise_hu=hu, ssde_mgy=mgy, kernel=LONG) for n, hu, mgy in doses]
    lacking = sized_series(4, ssde_mgy=None, reason=WORDS)
    write_pdf(tmp_path / "report.pdf", sized_run(run, [*many, lacking]))
    said = [box.text for box in boxes]
    assert "Noise, dose and size" in said
    assert any(text.startswith("1 of 4 series have no SSDE: a great many") for text in said)
    assert any(text.startswith("Quiet and high dose: 1 series, less noise") for text in said)
    assert said.index("quiet and high dose") < said.index("noisy and low dose")
    assert {"-50", "+100"} <= {*said}


def test_letters_that_the_fonts_lack_are_reported(
    run: ScoringRun, boxes: list[Box], tmp_path: Path
):
    path = tmp_path / "report.pdf"
    assert write_pdf(path, run, notes="Prüfung Čapek 腹部 ?") == set("Č腹部")
    title, note = boxes[:2]
    assert title.text == "CT image quality"
    assert note.text.startswith("The fonts of a PDF have Western letters only")
    assert "Prüfung ?apek ?? ?" in [box.text for box in boxes]
    boxes.clear()
    assert write_pdf(path, run, notes="Prüfung ?", identify=True) == set()
    assert not [box for box in boxes if "Western" in box.text]
