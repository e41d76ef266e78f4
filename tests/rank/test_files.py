from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from distiliqa.rank.files import write_ranks
from distiliqa.rank.result import RankedRun
from distiliqa.rank.standings import sentences, standings


@pytest.fixture(scope="module")
def written(ranked: RankedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    write_ranks(ranked, folder)
    return folder


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_one_row_a_method_from_the_first_rank_on(written: Path, ranked: RankedRun) -> None:
    rows = table(written / "rank.csv")
    assert [(row["rank"], row["method"]) for row in rows] == [
        ("1", "good"),
        ("2", "middle"),
        ("3", "bad"),
    ]
    assert float(rows[0]["score_low"]) < float(rows[0]["score"]) < float(rows[0]["score_high"])
    assert (rows[0]["minus_first"], rows[0]["minus_first_low"]) == ("0.0", "")
    assert float(rows[1]["minus_first_high"]) < 0
    assert [row["gmsd_rank"] for row in rows] == ["1", "2", "3"]
    assert "noise_hu_rank" not in rows[0]


def test_one_row_a_slice_and_method(written: Path) -> None:
    rows = table(written / "rank_slices.csv")
    assert len(rows) == 48
    assert {row["patient"] for row in rows} == {str(n) for n in range(1, 9)}
    assert {row["method"] for row in rows[:3]} == {"bad", "good", "middle"}
    assert float(rows[0]["vif"]) < float(rows[1]["vif"])


def test_json_has_the_same_and_where_it_is_from(written: Path, ranked: RankedRun) -> None:
    record = json.loads((written / "rank.json").read_text("utf-8"))
    assert (record["patients"], record["units"], record["counted"]) == (8, 8, 16)
    first = record["methods"][0]
    assert (first["method"], first["held"], first["minus_first_interval"]) == ("good", 1.0, None)
    assert first["measures"]["score"]["mean"] == pytest.approx(ranked.score.means[1], abs=1e-6)
    assert len(first["sha256"]) == 16
    assert record["sentences"] == list(sentences(ranked))


def test_the_page_names_methods_and_nobody(written: Path, ranked: RankedRun) -> None:
    text = (written / "rank.html").read_text("utf-8")
    for name in ("good", "middle", "bad", "no evidence of equivalent diagnosis"):
        assert name in text
    assert text.count("<img") == 3
    assert "<svg" in text
    assert "DOE" not in text
    write_ranks(ranked, written, identify=True)
    assert "DOE^JANE" in (written / "rank.html").read_text("utf-8")


def test_the_page_has_the_hashes_of_all_inputs(
    written: Path, ranked: RankedRun, methods: Path
) -> None:
    page = (written / "rank.html").read_text("utf-8")
    files = list(methods.rglob("*.dcm"))
    assert f"SHA-256 of the {len(files)} files read" in page
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() in page for path in files)


def test_the_result_in_words(ranked: RankedRun) -> None:
    first, drawn = sentences(ranked)
    assert first.startswith("good has the first rank by score, ")
    assert first.endswith("over 16 slices, and in 100 % of the draws.")
    assert drawn == "Draws are of 8 patients, with replacement, of all methods together."


def test_measures_that_prefer_another_method_are_named(ranked: RankedRun) -> None:
    bad, good, middle = ranked.methods
    swapped = tuple(
        replace(one, comparison=other.comparison)
        for one, other in zip(good.slices, bad.slices, strict=True)
    )
    found = list(sentences(replace(ranked, methods=(bad, replace(good, slices=swapped), middle))))
    assert "By VIF middle has the first rank." in found


def test_equal_methods_share_a_rank_and_no_difference_is_shown(ranked: RankedRun) -> None:
    bad, good, _ = ranked.methods
    run = replace(ranked, methods=(good, replace(good, name="twin"), bad))
    assert [place.rank for place in standings(run)] == [1, 1, 3]
    assert next(sentences(run)).startswith("good and twin share the first rank by score, ")


def test_a_measure_that_the_first_method_lacks_names_no_other(ranked: RankedRun) -> None:
    """PSNR of the reference itself is infinite, and so has no value."""
    bad, good, middle = ranked.methods
    without = tuple(
        replace(one, comparison=replace(one.comparison, psnr=None)) for one in good.slices
    )
    found = sentences(replace(ranked, methods=(bad, replace(good, slices=without), middle)))
    assert not any("PSNR" in sentence for sentence in found)


def test_opens_without_an_error(browser: Any, written: Path) -> None:
    browser.get_log("browser")
    browser.get((written / "rank.html").as_uri())
    assert len(browser.find_elements("css selector", "#leaderboard tbody tr")) == 3
    assert browser.get_log("browser") == []
