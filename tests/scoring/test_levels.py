from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.scoring.levels import Range, read_levels

HEAD = "standard_name,measure,low,high\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "levels.csv"
    path.write_text(text)
    return path


def test_an_empty_end_is_no_limit(tmp_path: Path):
    path = written(tmp_path, f"{HEAD}liver,noise_hu, 8 ,14\n,,,\nliver,ssde_mgy,,15\n")
    levels = read_levels(path)
    assert levels.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert levels.of("liver") == {"noise_hu": Range(8.0, 14.0), "ssde_mgy": Range(None, 15.0)}
    assert levels.of("thorax") == levels.of(None) == {}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (f"{HEAD}liver,noise_hu,8,many\n", "line 2: 'many' is no number"),
        (f"{HEAD}liver,noise_hu,8,nan\n", "line 2: 'nan' is no number"),
        (f"{HEAD}liver,noise_hu,14,8\n", "line 2: the low limit 14 is above the high limit 8"),
        (f"{HEAD}liver,noise_hu,,\n", "line 2: no limit"),
        (f"{HEAD}liver,noise,8,14\n", "line 2: 'noise' is none of the measures score_mean, "),
        (f"{HEAD},noise_hu,8,14\n", "line 2: no standard name"),
        (f"{HEAD}a,noise_hu,8,\na,noise_hu,9,\n", "line 3: a second range of noise_hu for 'a'"),
        ("standard_name,measure,low\na,noise_hu,8\n", "the first line names the columns"),
        (HEAD, "holds no level"),
    ],
)
def test_a_faulty_table_is_one_line_that_names_file_and_line(
    tmp_path: Path, table: str, problem: str
):
    path = written(tmp_path, table)
    with pytest.raises(DistiliqaError, match=problem) as raised:
        read_levels(path)
    assert str(raised.value).startswith(f"{path}: ")
