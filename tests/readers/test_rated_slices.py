"""Names of images: paths, ends of paths, patterns, UIDs, members of zips and of NumPy archives."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.support.slices import write_ct

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.readers.rated_slices import RatedSlices, find_rated, read_manifest
from distiliqa.readers.rating_table import read_table
from distiliqa.readers.slice_names import name_in

HU = np.random.default_rng(0).normal(40, 20, (64, 64))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two patients with a full and a low dose of two slices each."""
    for patient in ("P1", "P2"):
        for dose in ("full", "low"):
            for n in (1, 2):
                path = tmp_path / "data" / patient / dose / f"{n}.dcm"
                place = {"ImagePositionPatient": [0, 0, 3 * n], "PatientID": patient}
                uids = {"SeriesInstanceUID": f"1.2.{patient[1]}.{len(dose)}"}
                write_ct(path, HU + n, **place, **uids)
    return tmp_path / "data"


def find(data: Path, *names: str, extra: str = "") -> tuple[RatedSlices, ...]:
    path = data.parent / "ratings.csv"
    head = "image,slice,A\n" if extra else "image,A\n"
    rows = [f'"{name}"{extra},{n}' for n, name in enumerate(names)]
    path.write_text(head + "\n".join(rows))
    return find_rated(read_table(path), data)


def paths(found: RatedSlices, data: Path) -> list[str]:
    return [Path(info.path).relative_to(data).as_posix() for info in found.slices]


def test_names_of_one_image(data: Path) -> None:
    uid = index_ct(data / "P2" / "low" / "2.dcm").slices[0].sop_uid
    assert uid is not None
    for name in ("P2/low/2.dcm", "P2/low/2", "./P2/low/2.dcm", "P2\\low\\2.dcm", uid):
        (found,) = find(data, name)
        assert paths(found, data) == ["P2/low/2.dcm"]
        assert (found.name, found.case) == (name, "P2")
    write_ct(data / "P1" / "only.dcm", HU + 9, SeriesInstanceUID="1.2.9")
    assert paths(find(data, "only.dcm")[0], data) == ["P1/only.dcm"]


def test_folders_and_patterns_name_several(data: Path) -> None:
    full, low = find(data, "P1/full", "P1/lo?/*.dcm")
    assert paths(full, data) == ["P1/full/1.dcm", "P1/full/2.dcm"]
    assert paths(low, data) == ["P1/low/1.dcm", "P1/low/2.dcm"]
    (second,) = find(data, "full/2*")
    assert paths(second, data) == ["P1/full/2.dcm", "P2/full/2.dcm"]
    assert second.case is None  # two patients


def test_members_of_archives(data: Path) -> None:
    with zipfile.ZipFile(data / "more.zip", "w") as archive:
        archive.write(data / "P1" / "full" / "1.dcm", "in/a.dcm")
    stack = np.stack([HU, HU + 1]).astype(np.float32)
    np.savez_compressed(data / "P1" / "set.npz", one=HU.astype(np.int16), stack=stack)
    member, array, whole = find(data, "more.zip/in/a.dcm", "set.npz/one", "P1/set.npz/stack")
    assert member.slices[0].path == f"{data}/more.zip/in/a.dcm"
    np.testing.assert_allclose(array.slices[0].read().hu, HU, atol=1)
    assert [info.frame for info in whole.slices] == [0, 1]
    (last,) = find(data, "set.npz/stack", extra=",1")
    np.testing.assert_allclose(last.slices[0].read().hu, HU + 1, rtol=1e-6)
    (alone,) = find(data / "more.zip", "in/a.dcm")
    assert len(alone.slices) == 1


def test_case_and_source_of_table_and_manifest(data: Path) -> None:
    (data.parent / "manifest.csv").write_text("path,case,source\nP1/full/1.dcm,M,S\n")
    assert (find(data, "P1/full/1.dcm")[0].case, find(data, "P1/full/1.dcm")[0].source) == (
        "M",
        "S",
    )


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["P1/full/1.dcm", "P3/1.dcm", "x"], "no image for 'P3/1.dcm' and 1 more in"),
        (["1.dcm"], "'1.dcm' names 4 images"),
        (["P1/full/1.dcm", "P1/full/1"], "'P1/full/1.dcm' and 'P1/full/1' name the same image"),
        (["P1/full", "P1/full/2.dcm"], "name the same image"),
        (["*/nothing*"], "no image for"),
        (["/P1/full/1.dcm"], "is no name of an image"),
        (["C:\\P1\\full\\1.dcm"], "is no name of an image"),
        (["none.npz/one"], "no image for"),
    ],
)
def test_wrong_names_are_one_line(data: Path, names: list[str], says: str) -> None:
    with pytest.raises(DistiliqaError) as error:
        find(data, *names)
    assert says in str(error.value)
    assert "ratings.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_slice_of_a_volume_has_one_rating(data: Path) -> None:
    np.save(data / "v.npy", np.stack([HU, HU + 1, HU + 2]).astype(np.float32))
    table = data.parent / "ratings.csv"
    table.write_text("image,slice,A\nv.npy,0,1\nv.npy,1,4\n")
    first, second = find_rated(read_table(table), data)
    assert (first.slices[0].frame, second.slices[0].frame) == (0, 1)
    table.write_text("image,slice,A\nv.npy,,1\nv.npy,1,4\n")
    with pytest.raises(DistiliqaError) as error:
        find_rated(read_table(table), data)
    assert "'v.npy' and slice 1 of 'v.npy' name the same image" in str(error.value)


def test_a_name_without_its_extension_names_one_file(data: Path) -> None:
    for name in ("x.dcm", "1.2.3", "1.2.3.4", "1.2.5.1", "1.2.5.2"):
        write_ct(data / name, HU, SeriesInstanceUID="1.2.9")
    np.save(data / "x.npy", HU.astype(np.float32))
    assert paths(find(data, "1.2.3")[0], data) == ["1.2.3"]
    assert paths(find(data, "1.2.3.4")[0], data) == ["1.2.3.4"]
    for name in ("x", "1.2.5"):
        with pytest.raises(DistiliqaError, match=f"'{name}' names 2 images .*name images by their"):
            find(data, name)


def test_rows_of_a_manifest_by_path(tmp_path: Path) -> None:
    assert read_manifest(tmp_path / "manifest.csv") == {}
    (tmp_path / "manifest.csv").write_text("path,case,dose\na,C,\n", encoding="utf-8-sig")
    assert read_manifest(tmp_path / "manifest.csv") == {"a": {"path": "a", "case": "C"}}


def test_a_path_twice_in_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,case\na,C\na,D\n")
    with pytest.raises(DistiliqaError, match="'a' stands twice; keep one of the two"):
        read_manifest(tmp_path / "manifest.csv")


def test_the_working_directory_as_the_data_folder(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data)
    Path("ratings.csv").write_text("image,A\nP1/full/1.dcm,1\nP2/low,2\n")
    one, folder = find_rated(read_table(Path("ratings.csv")), Path("ratings.csv").parent)
    assert [info.path for info in (*one.slices, *folder.slices)] == [
        "P1/full/1.dcm",
        "P2/low/1.dcm",
        "P2/low/2.dcm",
    ]


@pytest.mark.parametrize(
    ("path", "data", "name"),
    [
        ("P1/a.dcm", ".", "P1/a.dcm"),
        ("../P1/a.dcm", "..", "P1/a.dcm"),
        ("x/P1/a.dcm", "x", "P1/a.dcm"),
        ("x/P1/a.dcm", "x/DICOMDIR", "P1/a.dcm"),
        ("x.zip/P1/a.dcm", "x.zip", "P1/a.dcm"),
        ("x/P1/a.dcm", "x/P1/a.dcm", "a.dcm"),
        ("a.dcm", "a.dcm", "a.dcm"),
        ("..x/a.dcm", ".", "..x/a.dcm"),
    ],
)
def test_a_path_as_the_data_folder_names_it(path: str, data: str, name: str) -> None:
    assert name_in(path, Path(data)) == name
