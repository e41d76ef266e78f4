"""Predictions survive the file; folds, their mean and spread, and all pooled."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.out_of_fold import (
    OutOfFold,
    cross_validation_rows,
    over_seeds,
    read_out_of_fold,
    rows_of_fold,
    write_cross_validation,
    write_out_of_fold,
)
from distiliqa.lab.evaluate.predictions import read_predictions
from distiliqa.statistics.agreement import agreement


def made(seed: int) -> list[OutOfFold]:
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 4, 30)
    found = true + rng.normal(0, 0.5, 30)
    return [
        OutOfFold(f"{i}", f"C{i % 6}", "", 1 + i % 3, *pair)
        for i, pair in enumerate(zip(true.tolist(), found.tolist(), strict=True))
    ]


def test_rows_survive_the_file_and_are_predictions(tmp_path: Path) -> None:
    images = [RatedImage(f"C/{i}.dcm", Path(f"C/{i}.dcm"), i / 3, "C", None) for i in range(3)]
    rows = rows_of_fold(images, [2, 0], 1, [0.1, 1 / 3])
    assert rows[0] == OutOfFold("C/2.dcm", "C", "", 1, 2 / 3, 0.1)
    write_out_of_fold(tmp_path / "p.csv", rows)
    assert read_out_of_fold(tmp_path / "p.csv") == rows
    found = read_predictions(tmp_path / "p.csv", [images[0], images[2]]).scores
    assert found.tolist() == [1 / 3, 0.1]


def test_folds_their_spread_and_all_pooled() -> None:
    rows = made(0)
    table = cross_validation_rows(7, rows)
    assert [row["fold"] for row in table] == [1, 2, 3, "mean", "sd", "pooled"]
    parts = [
        agreement([r.pred for r in rows if r.fold == k], [r.true for r in rows if r.fold == k])
        for k in (1, 2, 3)
    ]
    correlations = [part.signed_srocc for part in parts]
    assert [row["signed_srocc"] for row in table[:3]] == correlations
    assert table[3]["signed_srocc"] == pytest.approx(np.mean(correlations))  # type: ignore[arg-type]
    assert table[4]["signed_srocc"] == pytest.approx(np.std(correlations, ddof=1))  # type: ignore[arg-type]
    assert table[5]["mae"] == agreement([r.pred for r in rows], [r.true for r in rows]).mae


def test_over_seeds(tmp_path: Path) -> None:
    tables = [cross_validation_rows(seed, made(seed)) for seed in (0, 1)]
    assert over_seeds(tables[0]) == []
    mean, sd = over_seeds([*tables[0], *tables[1]])
    pooled = [table[-1]["rmse"] for table in tables]
    assert (mean["seed"], mean["fold"], mean["n"]) == ("mean", "pooled", 2)
    assert mean["rmse"] == pytest.approx(np.mean(pooled))  # type: ignore[arg-type]
    assert sd["rmse"] == pytest.approx(np.std(pooled, ddof=1))  # type: ignore[arg-type]
    write_cross_validation(tmp_path / "t.csv", [*tables[0], mean])
    with (tmp_path / "t.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 7


def test_another_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("image,pred\na,1\n")
    with pytest.raises(DistiliqaError, match=r"p.csv: line 2 is no out-of-fold prediction"):
        read_out_of_fold(tmp_path / "p.csv")
