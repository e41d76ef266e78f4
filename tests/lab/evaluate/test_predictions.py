"""Predictions from a table, matched to images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.predictions import read_predictions

IMAGES = [
    RatedImage("C1/1.dcm", Path("data/C1/1.dcm"), 0.5),
    RatedImage("C2/1.dcm", Path("data/C2/1.dcm"), 0.7),
    RatedImage("0003", Path("data/image/0003.tiff"), 0.9),
]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "predictions.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "image,true,pred\n0003,.9,3\nC1/1.dcm,.5,1\nC2/1.dcm,.7,2\n",
        "path,slice,score\n/x/image/0003.tiff,0,3\n/x/C1/1.dcm,0,1\n/y/C2/1.dcm,0,2\n/y/C3/1.dcm,0,9\n",
        ",patient,true,pred\n0,d/image/0003.tiff,.9,3\n1,d/C1/1.dcm,.5,1\n2,d/C2/1.dcm,.7,2\n",
        "path,score\nC1/1.dcm,1\nother/C1/1.dcm,9\nC2/1.dcm,2\nimage/0003.tiff,3\n",
    ],
)
def test_rows_are_matched_by_name_or_path(tmp_path: Path, text: str) -> None:
    assert read_predictions(write(tmp_path, text), IMAGES).scores.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,pred\nC1/1.dcm,1\nC2/1.dcm,2\n", "no rows for the image '0003'"),
        ("image,pred\nC1/1.dcm,1\nC1/1.dcm,1\n", "2 rows for the image 'C1/1.dcm'"),
        ("path,score\na/C1/1.dcm,1\nb/C1/1.dcm,1\n", "2 rows for the image 'C1/1.dcm'"),
        ("path,score\nxC1/1.dcm,1\n", "no rows for the image 'C1/1.dcm'"),
        ("image,pred\n1.dcm,1\n0003,2\n", "the row '1.dcm' matches 'C1/1.dcm' and 'C2/1.dcm'"),
        ("image,pred\nC1/1.dcm,nan\n", "line 2: 'nan' is not a finite number"),
        ("image,pred\nC1/1.dcm\n", "line 2: '' is not a finite number"),
        ("image,pred\nC1/1.dcm,1_0\n", "line 2: '1_0' is not a finite number"),
        ("image,pred\nC1/1.dcm,1,5\n", "line 2 has more values than there are columns"),
        ("image;pred\nC1/1.dcm;1,5\n", "line 2: '1,5' is not a finite number"),
        ("path,score,outside\nC1/1.dcm,1,2\n", "line 2: outside is '2'; write True or False"),
        ("name,value\na,1\n", "has the columns name, value"),
        ("", "has the columns none"),
    ],
)
def test_wrong_tables_are_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DistiliqaError) as error:
        read_predictions(write(tmp_path, text), IMAGES)
    assert says in str(error.value)
    assert "predictions.csv" in str(error.value)


def test_rows_are_matched_by_uid_index_and_any_spelling_of_a_path(tmp_path: Path) -> None:
    """A file name that several images have says nothing; their UID or index does."""
    path = "data/stack.npy"
    images = [
        RatedImage(
            "1.2.3", Path("data/a/1.dcm"), 0.5, slice=SliceInfo("data/a/1.dcm", sop_uid="1.2.3")
        ),
        RatedImage(
            "b\\1.dcm", Path("data/b/1.dcm"), 0.7, slice=SliceInfo("data/b/1.dcm", sop_uid="1.2.4")
        ),
        *(
            RatedImage(f"stack.npy {n}", Path(path), 0.9, slice=SliceInfo(path, n))
            for n in range(2)
        ),
    ]
    stack = f"{path},1,,4\n{path},0,,3\n"
    header = "path,slice,sop_instance_uid,score\n"
    for rows in (
        "x.dcm,0,1.2.3,1\nx.dcm,0,1.2.4,2\n",
        "data/b/1.dcm,0,,2\ndata/a/1.dcm,0,,1\n",
        "data\\b\\1.dcm,0,,2\ndata\\a\\1.dcm,0,,1\n",
    ):
        found = read_predictions(write(tmp_path, header + rows + stack), images)
        assert found.scores.tolist() == [1, 2, 3, 4]
    by_name = "image,pred\n1.2.3,1\nb/1.dcm,2\nstack.npy 1,4\nstack.npy 0,3\n"
    assert read_predictions(write(tmp_path, by_name), images).scores.tolist() == [1, 2, 3, 4]
    with pytest.raises(DistiliqaError, match=r"2 rows for the image 'stack\.npy 0'"):
        read_predictions(
            write(tmp_path, by_name.replace("py 1", "py").replace("py 0", "py")), images
        )


def test_a_missing_table(tmp_path: Path) -> None:
    with pytest.raises(DistiliqaError, match="no such file"):
        read_predictions(tmp_path / "none.csv", IMAGES)


def test_intervals_and_distances_of_scores_csv(tmp_path: Path) -> None:
    text = "path,score,interval_low,interval_high,distance\n0003,3,2,4,1.5\nC1/1.dcm,1,0,2,0.5\n"
    found = read_predictions(write(tmp_path, text + "C2/1.dcm,2,,,0.9\n"), IMAGES)
    assert found.out_of_domain is not None
    assert found.out_of_domain.tolist() == [False, False, True]
    np.testing.assert_array_equal(found.intervals, [(0, 2), (np.nan, np.nan), (2, 4)])
    plain = read_predictions(write(tmp_path, "image,pred\n0003,3\nC1/1.dcm,1\nC2/1.dcm,2"), IMAGES)
    assert (plain.intervals, plain.out_of_domain) == (None, None)


def test_the_domain_of_scores_csv_is_what_it_marked(tmp_path: Path) -> None:
    """An empty slice has no distance, and a header may name a head."""
    rows = "0003,3,0.5,True\nC1/1.dcm,1,0.5,False\nC2/1.dcm,0,,True\n"
    text = f"path,score,distance,outside\n{rows}"
    found = read_predictions(write(tmp_path, text), IMAGES)
    assert found.out_of_domain is not None
    assert found.out_of_domain.tolist() == [False, True, True]
