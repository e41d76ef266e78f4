from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.rank.same_slices import find_folders, patients_of, references_of, same_slices

Write = Callable[..., Path]


def arrays(folder: Path, names: list[str], count: int = 1) -> str:
    for name in names:
        path = folder / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.zeros((count, 64, 64) if count > 1 else (64, 64), np.float32))
    return str(folder)


def test_positions_of_a_patient_come_first(tmp_path: Path, write_ct: Write) -> None:
    for name, shift in (("a", 0), ("b", 1)):
        for k in range(3):
            place = {"ImagePositionPatient": [0, 0, 3 * (k + shift)], "SeriesInstanceUID": name}
            place["SeriesInstanceUID"] = f"1.{shift}"
            write_ct(tmp_path / name / f"{k}.dcm", np.zeros((64, 64)), **place)
    rows = same_slices(find_folders([str(tmp_path / "a"), str(tmp_path / "b")]))
    assert [[Path(info.path).name for info in row] for row in rows] == [
        ["1.dcm", "0.dcm"],
        ["2.dcm", "1.dcm"],
    ]


def test_paths_without_their_ending_match_where_headers_say_nothing(
    tmp_path: Path, write_ct: Write
) -> None:
    a = arrays(tmp_path / "a", ["p1/1", "p2/1", "p2/2"])
    for name in ("p1/1", "p2/1"):
        write_ct(tmp_path / "b" / f"{name}.dcm", np.zeros((64, 64)), PatientID=None)
    folders = find_folders([a, str(tmp_path / "b")])
    rows = same_slices(folders)
    assert len(rows) == 2
    assert patients_of(rows, a) == ([Path("p1"), Path("p2")], 2)


def test_a_slice_without_a_patient_leaves_those_of_others(tmp_path: Path, write_ct: Write) -> None:
    for method in "ab":
        for name, patient in (("1", "P"), ("2", "Q"), ("3", None)):
            place = {"PatientID": patient, "SeriesInstanceUID": f"1.{name}"}
            write_ct(tmp_path / method / f"{name}.dcm", np.zeros((64, 64)), **place)
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert patients_of(same_slices(find_folders([a, b])), a) == (["P", "Q", Path()], 1)


def test_names_match_where_folders_differ_and_frames_of_a_volume_do(tmp_path: Path) -> None:
    a, b = arrays(tmp_path / "a", ["x/1", "x/2"]), arrays(tmp_path / "b", ["1", "2", "3"])
    assert len(same_slices(find_folders([a, b]))) == 2
    c, d = arrays(tmp_path / "c", ["v"], 4), arrays(tmp_path / "d", ["v"], 3)
    assert [row[1].frame for row in same_slices(find_folders([c, d]))] == [0, 1, 2]


def test_methods_are_named_by_what_differs(tmp_path: Path) -> None:
    paths = [arrays(tmp_path / name, ["1"]) for name in ("x/out", "y/out", "z")]
    assert [folder.name for folder in find_folders(paths[:2])] == ["x/out", "y/out"]
    assert [folder.name for folder in find_folders(paths[1:])] == ["out", "z"]


def test_what_cannot_be_ranked_is_one_line(tmp_path: Path, write_ct: Write) -> None:
    a, b = arrays(tmp_path / "a", ["1"]), arrays(tmp_path / "b", ["2"])
    with pytest.raises(DistiliqaError, match=r"no slice is in all methods \(1 in a, 1 in b\)"):
        same_slices(find_folders([a, b]))
    with pytest.raises(DistiliqaError, match="one method alone has no rank"):
        find_folders([a])
    with pytest.raises(DistiliqaError, match="given twice"):
        find_folders([a, f"{a}/../a"])
    c = tmp_path / "c"
    write_ct(c / "1.dcm", np.zeros((32, 32)))
    with pytest.raises(DistiliqaError, match="32 x 32 pixels, not 64 x 64 as in "):
        same_slices(find_folders([a, str(c)]))


def test_a_reference_needs_each_slice(tmp_path: Path) -> None:
    folders = find_folders([arrays(tmp_path / name, ["1", "2"]) for name in "ab"])
    rows = same_slices(folders)
    found = references_of(rows, folders, arrays(tmp_path / "whole", ["other/1", "2"]))
    assert [Path(info.path).name for info in found] == ["1.npy", "2.npy"]
    with pytest.raises(DistiliqaError, match="has no slice for 1 of the 2 that all methods have"):
        references_of(rows, folders, arrays(tmp_path / "part", ["1"]))


def test_slices_of_two_patients_are_not_the_same(tmp_path: Path, write_series: Write) -> None:
    paths = [
        str(write_series(tmp_path / name, PatientID=name, SeriesInstanceUID=f"1.{n}"))
        for n, name in enumerate(("ANNA", "BERTA"))
    ]
    folders = find_folders(paths)
    with pytest.raises(DistiliqaError, match=r"BERTA/\d.dcm: another patient than .*ANNA/\d.dcm"):
        same_slices(folders)
    alone = [(info,) for info in folders[0].index.slices]
    with pytest.raises(DistiliqaError, match=r"another patient than .* give both one Patient ID"):
        references_of(alone, folders[:1], paths[1])


def test_files_of_another_patient_do_not_outnumber_positions(
    tmp_path: Path, write_series: Write
) -> None:
    for place, patient, count in (("a/x", "ANNA", 3), ("b/x", "BERTA", 3), ("b/y", "ANNA", 2)):
        tags = {"PatientID": patient, "SeriesInstanceUID": f"1.{ord(place[0])}.{ord(place[2])}"}
        write_series(tmp_path / place, count, **tags)
    rows = same_slices(find_folders([str(tmp_path / "a"), str(tmp_path / "b")]))
    assert [{info.patient_id for info in row} for row in rows] == [{"ANNA"}] * 2
