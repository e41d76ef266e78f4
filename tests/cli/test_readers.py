"""``distiliqa readers``, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.command_line import run, run_apart

from distiliqa.files import sha256

# Shrout & Fleiss 1979, table 2.
CONTENT = "image,A,B,C,D\na,9,2,5,8\nb,6,1,3,2\nc,8,4,6,8\nd,7,1,2,6\ne,10,5,6,9\nf,6,2,4,7\n"


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text(CONTENT, encoding="utf-8-sig")
    return path


def test_table_and_file(ratings: Path, tmp_path: Path) -> None:
    status, output, errors = run_apart("readers", ratings, "--scale", "1,10", "-o", tmp_path / "o")
    assert (status, errors) == (0, "")
    assert "ICC(A,1)" in output
    assert "0.019 to 0.761" in output
    assert "ceiling by the noise of 4 readers: plcc 0.954" in output
    found = json.loads((tmp_path / "o" / "readers.json").read_text())
    assert found["inputs"] == {str(ratings): sha256(ratings)}
    assert found["intraclass"]["ICC(C,1)"]["value"] == pytest.approx(0.715, abs=5e-4)
    assert len(found["weighted_kappa"]) == 6
    assert found["settings"]["scale"] == [1, 10]


@pytest.mark.parametrize(
    "rows",
    [["4,3"] * 8 + ["2,"], ["4,3"] * 8 + ["3,4"] * 8 + ["2,"]],
    ids=["one lower", "in turns"],
)
def test_images_of_one_mean_rating_have_a_reason(tmp_path: Path, rows: list[str]) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("image,Anna,Ben\n" + "".join(f"{n},{row}\n" for n, row in enumerate(rows)))
    status, output = run("readers", path, "-o", tmp_path / "o")
    assert status == 0
    assert "ICC(C,k): the mean ratings of all images are equal" in " ".join(output.split())
    assert "readers: plcc -," in output
    assert json.loads((tmp_path / "o" / "readers.json").read_text())["max_plcc"] is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--readers", "A"], "has the ratings of one reader"),
        (["--readers", "E"], "has no column 'E'"),
        (["--scale", "1,9"], "A of 'e' is 10, outside the scale 1 to 9"),
        (["--scale", "5,1"], "give the lowest and highest rating"),
        (["--standardize"], "rated 6 images in common, 10 are needed"),
    ],
)
def test_wrong_use_is_one_line(ratings: Path, options: list[str], says: str) -> None:
    status, output = run("readers", ratings, *options)
    assert status == 2
    assert says in " ".join(output.split())
