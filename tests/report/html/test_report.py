from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import SEES, with_facts
from tests.support.sized import sized_run, sized_series

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.report import series_entry
from distiliqa.report.html import write_html
from distiliqa.scoring.domain import OUT_OF_DOMAIN
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.model import load_model
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.run import score_inputs
from distiliqa.scoring.slice_score import SliceScore

HOSTILE = '<script>alert("DOE")</script>'


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., str]:
    def written(run: ScoringRun, **options: bool) -> str:
        write_html(tmp_path / "report.html", run, **options)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return written


def with_slices(run: ScoringRun, *slices: SliceScore) -> ScoringRun:
    """The run with these in the place of its first slices."""
    return replace(run, slices=(*slices, *run.slices[len(slices) :]))


def cells(text: str, row: str) -> list[str]:
    """The cells of a row of the tables, by its id."""
    (found,) = re.findall(rf'<tr id="{row}"[^>]*>(.*?)</tr>', text, re.DOTALL)
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", found)]


def test_a_series_has_its_row_its_section_and_its_slices(
    run: ScoringRun, report: Callable[..., str]
):
    text, thorax = report(run), run.series[1]
    scores = sorted(slice_.score for slice_ in thorax.slices)
    worst, best = scores[0], scores[-1]
    name = f"series {hashlib.sha256(thorax.series.encode()).hexdigest()[:8]}"
    assert cells(text, "r2") == [
        *(name, "ACME", "120", "0.33", "B30f", "3", "ABDOMEN", "3"),
        *(f"{thorax.score:.2f}", f"{worst:.2f}", f"{worst:.2f}", f"{thorax.noise_hu:.1f}", "2"),
    ]
    (section,) = re.findall(r'<section class="series" id="s2">(.*?)</section>', text, re.DOTALL)
    assert section.count("<svg") == 1
    assert section.count("data:image/jpeg") == 3
    assert section.count('<button type="button" aria-pressed="false"') == 3
    assert f"score {best:.2f}" in section
    assert "64 x 64 padded to 512 x 512, not resampled" in section
    assert [cells(text, f"s2-{n}")[0:2] for n in (1, 2, 3)] == [
        ["1", "3.0"],
        ["2", "6.0"],
        ["3", "9.0"],
    ]


def facts_of(text: str, title: str) -> dict[str, str]:
    """The facts of the provenance below a title."""
    (block,) = re.findall(rf"<h3>{title}</h3>\s*<dl.*?</dl>", text, re.DOTALL)
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", block))


def test_the_provenance_states_the_options(
    dosed: ScoringRun, leveled: ScoringRun, report: Callable[..., str]
):
    found = facts_of(report(replace(dosed, measures="none")), "Run")
    assert (found["measures"], found["slices out of domain count"]) == ("none", "no")
    assert found["dose reports"] == "1"
    assert not {"rules of protocols", "levels"} & found.keys()
    given = replace(leveled, count_outside=True, levels=replace(leveled.levels, sha256="ab" * 32))
    found = facts_of(report(given), "Run")
    assert (found["slices out of domain count"], found["dose reports"]) == ("yes", "0")
    assert found["levels"] == f"SHA-256 {'ab' * 32}"
    assert found["rules of protocols"] == "SHA-256 not known"
    named = facts_of(report(given, identify=True), "Run")
    assert named["levels"] == f"levels.csv, SHA-256 {'ab' * 32}"
    assert f"{'ab' * 32}  levels\n" in report(given).replace("</pre>", "\n")


def test_paper_says_where_to_find_what_is_folded(run: ScoringRun, report: Callable[..., str]):
    text = report(run)
    assert '<p class="paper">SHA-256 of each input: run.json; table of slices: scores.csv.' in text
    screen, paper = text.split("@media print {")[0], text.split("@media print {")[1]
    assert ".paper { display: none; }" in screen
    assert ".paper { display: block; }" in paper


def test_heads_of_the_table_of_series_are_no_bare_units(
    run: ScoringRun, report: Callable[..., str]
):
    heads = re.findall(r'<button type="button">(.*?)</button>', report(run))
    assert {"Tube, kV", "Slice, mm", "10th percentile"} <= {*heads}
    assert not {"kV", "mAs", "mm", "10th"} & {*heads}


def test_the_page_says_what_made_the_scores(run: ScoringRun, report: Callable[..., str]):
    text = report(run)
    assert "tiny 1.0" in text
    assert run.model.files["model.onnx"] in text
    assert "width 350, level 40 HU" in text
    assert run.model.scale.meaning in text
    assert set(run.sha256.values()) <= set(re.findall(r"\b[0-9a-f]{64}\b", text))


def test_nobody_is_named_unless_asked(run: ScoringRun, report: Callable[..., str], tmp_path: Path):
    named = tmp_path / "DOE JANE 19700101"
    shutil.copytree(run.inputs[0], named)
    moved = replace(
        run,
        inputs=(str(named),),
        slices=tuple(renamed(slice_, run.inputs[0], named) for slice_ in run.slices),
        failed=(
            Problem(str(named / "broken DOE.dcm"), "not a DICOM file"),
            Problem(str(named / "DOE 1" / "IM 1"), "cut short"),
        ),
        left_out=(
            Problem(str(named / "2 DOE.dcm"), f"a copy of {named}/thorax/0.dcm"),
            Problem(str(named / "DOE 2" / "IM 1"), f"a copy of {named}/DOE 1/IM 1"),
        ),
        sha256={path.replace(run.inputs[0], str(named)): h for path, h in run.sha256.items()},
        stopped=DistiliqaError("broke", path=named),
    )
    text, pictures = re.subn('data:image/jpeg[^"]+', "", report(moved))
    assert pictures == 4
    for secret in ("DOE", "JANE", "19700101", str(tmp_path), "1.2.4", run.series[1].series, ".dcm"):
        assert secret not in text
    assert "<li>a copy of a file (2 files)</li>" in text
    identified = report(moved, identify=True)
    for name in ("2 DOE.dcm", "1.2.4", run.series[1].series, str(named / "thorax" / "0.dcm")):
        assert name in identified


def renamed(each: SliceScore, old: str, new: Path) -> SliceScore:
    return with_facts(each, path=each.path.replace(old, str(new)))


def test_hostile_text_is_only_text(run: ScoringRun, report: Callable[..., str]):
    first = run.slices[0]
    acquisition = replace(first.acquisition, kernel=HOSTILE, scanner=HOSTILE, body_part=HOSTILE)
    named = with_facts(first, acquisition=acquisition, path=f"/{HOSTILE}.dcm", series=HOSTILE)
    hostile = replace(named, warnings=(HOSTILE,))
    scale = replace(run.model.scale, meaning=HOSTILE)
    text = report(
        replace(
            with_slices(run, hostile),
            model=replace(run.model, name=HOSTILE, scale=scale),
            failed=(Problem(HOSTILE, HOSTILE),),
        ),
        identify=True,
    )
    assert "<script>alert" not in text
    assert text.count("<script>") == 1
    assert "&lt;script&gt;alert" in text


def test_a_model_without_intervals_is_described_as_such(
    run: ScoringRun, report: Callable[..., str]
):
    text = report(run)
    assert "This model gives no interval with its scores." in text
    assert "This model does not report whether an image is out of domain." in text
    assert 'class="band"' not in text
    assert "Out of domain" not in text


def test_intervals_are_shown(run: ScoringRun, report: Callable[..., str]):
    sure = [
        replace(slice_, interval=(slice_.score - 0.3, slice_.score + 0.2)) for slice_ in run.slices
    ]
    model = replace(
        run.model, interval_calibration=IntervalCalibration(0.9, 1.0, 0.1, images=50, cases=3)
    )
    text = report(replace(run, slices=tuple(sure), model=model))
    assert "This model gives no interval" not in text
    assert "lies in it in 90 of 100 cases" in text
    assert "Beside a mean they are the means of the lower and of the upper ends." in text
    assert 'class="band"' in text
    mean = run.series[1].score
    assert f"{mean:.2f} <small>{mean - 0.3:.2f} to {mean + 0.2:.2f}</small>" in text


def test_slices_out_of_domain_are_marked_everywhere(run: ScoringRun, report: Callable[..., str]):
    alone, first, *others = run.slices
    known = [replace(item, distance=0.5) for item in others]
    strange = (
        replace(alone, distance=2.0, warnings=(OUT_OF_DOMAIN,)),
        replace(first, distance=1.2, warnings=(OUT_OF_DOMAIN,)),
    )
    text = report(replace(run, slices=(*strange, *known)))
    assert "<dt>Out of domain</dt><dd>2</dd>" in text
    assert '<tr id="r1" class="out-of-domain">' in text
    assert f'{OUT_OF_DOMAIN} <span class="muted">(2 slices)</span>' in text
    assert text.count(f'{OUT_OF_DOMAIN} <span class="muted">(1 slice)</span>') == 2
    assert '<tr id="s2-1" class="out-of-domain">' in text
    assert '<tr id="s2-2" class="out-of-domain">' not in text
    assert "dot flagged" in text
    mean = sum(item.score for item in others) / 2
    assert f"{mean:.2f}" in cells(text, "r2")


def test_slices_out_of_domain_that_count_are_reported_as_such(
    run: ScoringRun, report: Callable[..., str]
):
    slices = tuple(replace(slice_, distance=0.5 + (n == 1)) for n, slice_ in enumerate(run.slices))
    without, counted = (
        report(replace(run, slices=slices, count_outside=count)) for count in (False, True)
    )
    assert "do not count, unless all slices are such." in without
    assert "do not count" not in counted.split("Series by series")[1].split("<section")[0]
    assert "also those that are out of domain or show no patient." in counted


def test_each_picture_has_its_heatmap_beside_it(run: ScoringRun, report: Callable[..., str]):
    patches = np.full((8, 8), 2, np.float32)
    mapped = tuple(replace(slice_, heatmap=patches) for slice_ in run.slices)
    text = report(replace(run, slices=mapped))
    assert text.count("data:image/jpeg") == 8
    assert "yellow is low quality" in text
    assert "yellow is low quality" not in report(run)


def test_a_slice_is_as_large_as_in_its_heatmap_whatever_the_model_takes(
    run: ScoringRun, report: Callable[..., str]
):
    model = replace(run.model, image_size=256)
    assert "--slice: 80%" in report(replace(run, model=model))
    assert "--slice: 88.89%" in report(run)


def test_a_file_that_has_gone_is_reported(run: ScoringRun, report: Callable[..., str]):
    text = report(with_slices(run, with_facts(run.slices[0], path="/gone/1.dcm", decode=None)))
    assert text.count("the file can no longer be read") == 1
    assert text.count("data:image/jpeg") == 3


def test_slices_in_a_zip_have_pictures(
    run: ScoringRun, report: Callable[..., str], tiny_model: Path, tmp_path: Path
):
    folder = str(Path(run.inputs[0], "thorax"))
    archive = shutil.make_archive(str(tmp_path / "scans"), "zip", folder)
    zipped = score_inputs([archive], load_model(tiny_model))
    assert report(zipped).count("data:image/jpeg") == 3


def test_metrics_against_a_reference_are_in_the_table_of_slices(
    run: ScoringRun, compared: ScoringRun, report: Callable[..., str]
):
    assert cells(report(compared), "s2-1")[5:9] == ["0.500", "20.0", "0.333", "0.250"]
    assert "SSIM" not in report(run)


def test_of_very_many_series_the_worst_have_sections_and_pictures(
    run: ScoringRun, report: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(series_entry, "MAX_SECTIONS", 3)
    monkeypatch.setattr(series_entry, "MAX_PICTURED", 2)
    first = run.slices[0]
    series = [
        replace(with_facts(first, series=f"{score}"), score=float(score)) for score in (4, 1, 3, 2)
    ]
    text = report(replace(run, slices=tuple(series)))
    assert re.findall(r'<section class="series" id="(s\d)">', text) == ["s2", "s4", "s3"]
    assert re.findall(r'<tr id="(r\d)"', text) == ["r2", "r4", "r3", "r1"]
    assert text.count("data:image/jpeg") == 2
    assert "The 3 worst of 4 series have a section" in text
    assert "The 2 worst series have pictures." in text
    assert '<a href="#r1"' in text


def test_series_are_in_range_or_not_in_words_and_color(
    leveled: ScoringRun, report: Callable[..., str]
):
    text = report(leveled)
    assert '<span class="level in-range" title="">in range</span>' in text
    wrong = "score below, sharpness f50 not known"
    assert f'<span class="level not-in-range" title="">{wrong}</span>' in text
    assert "<dt>Level of sharpness f50</dt><dd>not known, 0.25 to 0.4</dd>" in text
    assert cells(text, "r2")[1] == "chest"


def test_doses_and_events_without_a_series_are_reported(
    dosed: ScoringRun, report: Callable[..., str]
):
    text = report(dosed)
    assert "<dt>DLP</dt><dd>420.0 mGy.cm</dd>" in text
    assert "<h2>Dose events without a series</h2>" in text
    assert "Doe" not in text
    assert "5.2 CHEST of Doe" in report(dosed, identify=True)


def test_what_was_not_scored_is_reported(run: ScoringRun, report: Callable[..., str]):
    text = report(replace(run, stopped=KeyboardInterrupt(), found=9))
    assert "The run stopped after 4 of 9 slices: interrupted." in text
    assert "<li>not a DICOM file; copy or export again</li>" in text


def test_equal_reasons_are_reported_once(run: ScoringRun, report: Callable[..., str]):
    failed = tuple(Problem(f"/in/{n}.dcm", f"/in/{n}.dcm is cut short") for n in range(3))
    run = replace(run, failed=failed)
    assert "<li>a file is cut short (3 files)</li>" in report(run)
    assert "<li><code>/in/1.dcm</code>: /in/1.dcm is cut short</li>" in report(run, identify=True)


def test_progress_is_reported_as_pictures_are_drawn(run: ScoringRun, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    write_html(tmp_path / "report.html", run, progress=lambda *each: seen.append(each))
    assert seen == [(n, 4) for n in (1, 2, 3, 4)]


def test_equal_runs_give_equal_pages(run: ScoringRun, report: Callable[..., str]):
    assert report(run) == report(run)


def test_processed_slices_are_counted_and_the_limits_of_the_model_shown(
    run: ScoringRun, denoised: ScoringRun, report: Callable[..., str]
):
    text = report(denoised)
    assert SEES.replace("<contrast>", "&lt;contrast&gt;") in text
    assert "<dt>Processed slices</dt><dd>2</dd>" in text
    assert "<dt>Processed slices</dt><dd>2 <small>mean probability 0.62</small></dd>" in text
    assert text.count(LOST_DETAIL) == 2  # in the notes and in the section, not in each row
    assert cells(text, "r2")[-2] == "2"
    assert [cells(text, f"s2-{n}")[-2] for n in (1, 2, 3)] == ["0.12", "0.88", "0.88"]
    other = report(run)
    assert "Processed" not in other
    assert "On simulated faults" not in other


def test_noise_dose_and_size_of_the_run(run: ScoringRun, report: Callable[..., str]):
    doses = ((1, 5, 20), (2, 20, 5), (3, 10, 10))
    many = [sized_series(n, noise_hu=hu, ssde_mgy=mgy, kernel="B30f") for n, hu, mgy in doses]
    lacking = sized_series(4, ssde_mgy=None, reason=HOSTILE)
    text = report(sized_run(run, [*many, lacking]))
    (block,) = re.findall(r'<section class="sizes">(.*?)</section>', text, re.DOTALL)
    assert block.count("<svg") == 3
    assert "1 of 4 series have no SSDE: &lt;script&gt;" in block
    assert "<b>Quiet and high dose</b>, 1 series: less noise and more dose" in block
    rows = re.findall(r"<tr>(.*?)</tr>", block, re.DOTALL)[-3:]
    noise, dose = (re.sub("<[^>]+>", " ", rows[0]).split().count(part) for part in ("-50", "+100"))
    assert (noise, dose) == (1, 1)  # by the geometric mean, as the sizes are equal
    assert "quiet and high dose" in rows[0]
    assert '<p class="muted">Without an SSDE: &lt;script&gt;' in text


def test_a_run_without_measures_has_no_such_block(run: ScoringRun, report: Callable[..., str]):
    slices = tuple(replace(slice_, measures=None) for slice_ in run.slices)
    assert '<section class="sizes">' not in report(replace(run, slices=slices))
