"""The figures for those who build denoisers, and what they are expected to show."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from tools.make_docs.builders_page import PAGES, Record, page, read_record, unseen_kinds

from distiliqa.models.folder import find_model, read_config


@pytest.fixture(scope="module")
def record() -> Record:
    return read_record()


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_have_the_figures_of_the_record(name: str, record: Record) -> None:
    assert PAGES[name].read_text(encoding="utf-8") == page(name, record)
    assert "@" not in page(name, record)


def test_the_figures_are_of_a_shipped_model(record: Record) -> None:
    assert {figures["model"] for figures in record.values()} == {_shipped()}


def _shipped() -> str:
    return read_config(find_model("compact")).title


def test_ascent_deceives_the_score_and_not_the_loss(record: Record) -> None:
    ascent = record["tensors"]["ascent"]
    start, deceived, on_loss, reference = ascent["rows"]
    assert ascent["lift"] > 0.4
    assert ascent["max_granted"] < ascent["lift"] / 4 / 5  # the scale has 4 points
    assert deceived["difference_hu"] > start["difference_hu"] > on_loss["difference_hu"]
    assert start["credit"] < on_loss["credit"] <= reference["credit"]


def test_a_filter_that_training_did_not_see_is_named(record: Record) -> None:
    assert unseen_kinds() == ["wavelet"]
    assert "all these kinds but `wavelet`" in page("leaderboard", record)


def test_half_precision_is_near(record: Record) -> None:
    halves = record["tensors"]["half_precision"]
    assert halves["bfloat16"] < 0.07
    assert halves["float16"] < 0.02


def test_metrics_of_a_reference_rank_the_full_dose_first(record: Record) -> None:
    methods = {one["method"]: one for one in record["leaderboard"]["made"]["methods"]}
    full, quarter = (methods[name]["measures"] for name in ("full_dose", "quarter_dose"))
    assert full["vif"]["mean"] == pytest.approx(1)
    assert quarter["vif"]["rank"] > 1
    assert quarter["noise_hu"]["mean"] == pytest.approx(2 * full["noise_hu"]["mean"], rel=0.2)
    assert full["score"]["mean"] > quarter["score"]["mean"]


def test_rated_denoisers_are_unpacked_with_their_ratings(tmp_path: Path) -> None:
    from tools.make_docs.leaderboard_figures import ranked, read_ratings, write_rated

    source = tmp_path / "rated"
    source.mkdir()
    rng = np.random.default_rng(0)
    names = {"LDCT": 40, "A": 20, "NDCT": 5}
    with (source / "ratings.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["set", "method", "noise", "contrast", "structure"])
        for number in (3, 7):
            made = {name: rng.normal(40, noise, (64, 64)) for name, noise in names.items()}
            np.savez(source / f"set{number:02d}.npz", **made)
            for at, name in enumerate(names):
                table.writerow([number, name, 1 + at, 1 + at, 2 + at])
    write_rated(source, tmp_path / "out")
    run = ranked(tmp_path / "out", "NDCT")
    assert len(run.patients) == 2
    assert read_ratings(source)["set03"]["A"] == (2, 5)
