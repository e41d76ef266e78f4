"""A name -> score file and its images: what is found, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.cache import open_cache
from distiliqa.lab.data.ratings import read_rated_images, read_ratings


def write_ratings(folder: Path, content: str | dict[str, float]) -> Path:
    path = folder / "ratings.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def write_tiff(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.zeros((2, 2), np.float32))


def write_header(path: Path, patient: str) -> None:
    dataset = Dataset()
    dataset.PatientID = patient
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)


def test_names_of_ldctiqac2023_with_or_without_extension_and_subfolder(tmp_path: Path) -> None:
    write_tiff(tmp_path / "image" / "0001.tiff")
    write_tiff(tmp_path / "0000.tif")
    images = read_ratings(tmp_path, write_ratings(tmp_path, {"0001": 1.2, "0000.tif": 4}))
    assert [(image.name, image.score) for image in images] == [("0001", 1.2), ("0000.tif", 4.0)]
    assert [image.path for image in images] == [
        tmp_path / "image" / "0001.tiff",
        tmp_path / "0000.tif",
    ]
    assert images[0].case is None
    assert images[0].source is None


def test_manifest_states_case_source_and_facts(tmp_path: Path) -> None:
    for name in ("a.tiff", "b.tiff"):
        write_tiff(tmp_path / name)
    (tmp_path / "manifest.csv").write_text(
        "path,case,source,scanner\na.tiff,C1,a.tiff,X\nb.tiff,,,\n", encoding="utf-8-sig"
    )
    a, b = read_ratings(tmp_path, write_ratings(tmp_path, {"a.tiff": 1, "b.tiff": 2}))
    assert (a.case, a.source, a.facts["scanner"]) == ("C1", "a.tiff", "X")
    assert (b.case, b.source, "scanner" in b.facts) == (None, None, False)


def test_patient_id_is_the_case_where_no_manifest_says(tmp_path: Path) -> None:
    write_header(tmp_path / "a", "P1")
    write_header(tmp_path / "b", "")
    a, b = read_ratings(tmp_path, write_ratings(tmp_path, {"a": 1, "b": 2}))
    assert (a.case, b.case) == ("P1", None)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{}", "holds no ratings"),
        ("image,score\na.tiff,3\n", 'ratings are a JSON file: write an object {"name": rating'),
        ("", "ratings are a JSON file"),
        ("[1, 2]", "holds no ratings"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": true}', "True, not a number"),
        ('{"a": null}', "None, not a number"),
        ('{"a": "3"}', "'3', not a number"),
        ('{"a": NaN}', "NaN is not a finite number"),
        ('{"a": Infinity}', "Infinity is not a finite number"),
        ('{"a": 4.5}', "outside the scale 0 to 4"),
        ('{"a": 1, "d": 2, "e": 3}', "no image for 'd' and 1 more"),
        ('{"a": 1, "a.tiff": 2}', "name the same image"),
        ('{"b.npy": 1, "b": 2}', "'b.npy' and 'b' name the same image"),
        (
            '[{"image": "b.npy", "A": 1}, {"image": "b.npy", "slice": 0, "A": 2}]',
            "'b.npy' and slice 0 of 'b.npy' name the same image",
        ),
        ('{"c.npz/one": 1, "c.npz": 2}', "'c.npz/one' and 'c.npz' name the same image"),
        ('{"b.npy": 1, "../%s/b.npy": 2}', "name the same image"),
        ('{"/a": 1}', "is no name of an image"),
        ('{"": 1}', "is no name of an image"),
    ],
)
def test_wrong_ratings_are_one_line(tmp_path: Path, content: str, says: str) -> None:
    write_tiff(tmp_path / "a.tiff")
    np.save(tmp_path / "b.npy", np.zeros((32, 32), np.float32))
    np.savez(tmp_path / "c.npz", one=np.zeros((32, 32), np.float32))
    ratings = write_ratings(tmp_path, content.replace("%s", tmp_path.name))
    with pytest.raises(DistiliqaError) as error:
        read_ratings(tmp_path, ratings, scale=(0, 4))
    assert says in str(error.value)
    assert str(ratings) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("path,case\na.tiff,C1\na.tiff,C2\n", "stands twice"),
        ("image,case\na.tiff,C1\n", "without `path`"),
        (b"path\n\xff\n", "not text in UTF-8"),
    ],
)
def test_wrong_manifests_are_refused(tmp_path: Path, content: str | bytes, says: str) -> None:
    write_tiff(tmp_path / "a.tiff")
    manifest = tmp_path / "manifest.csv"
    manifest.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DistiliqaError, match=says):
        read_ratings(tmp_path, write_ratings(tmp_path, {"a.tiff": 1}))


def test_a_manifest_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tiff")
    (tmp_path / "manifest.csv").write_text("path,case\na.tiff,C1\n", "utf-16")
    (image,) = read_ratings(tmp_path, write_ratings(tmp_path, {"a.tiff": 1}))
    assert image.case == "C1"


def test_challenge_images(shared_data: Path) -> None:
    folder = shared_data / "ct-dev" / "ldctiqac2023"
    images = read_ratings(folder, folder / "scores.json", scale=(0, 4))
    assert len(images) == 4
    assert all(image.path.is_file() and image.case is None for image in images)


def test_a_table_of_readers_with_members_and_uids(tmp_path: Path) -> None:
    body = np.random.default_rng(0).normal(40, 20, (2, 64, 64)).astype(np.float32)
    np.savez(tmp_path / "set.npz", full=body[0], pair=body)
    np.save(tmp_path / "alone.npy", body[0])
    table = tmp_path / "ratings.csv"
    rows = "image,case,A,B\nset.npz/full,P1,1,2\nset.npz/pair,P2,3,\nalone,P3,4,4\n"
    table.write_text(rows, encoding="utf-16")
    found = read_rated_images(tmp_path, table)
    assert [image.score for image in found.images] == [1.5, 3, 3, 4]
    assert [image.case for image in found.images] == ["P1", "P2", "P2", "P3"]
    assert len({image.name for image in found.images}) == 4
    np.testing.assert_array_equal(found.readings, [[1, 2], [3, np.nan], [3, np.nan], [4, 4]])
    cache = open_cache(found.images, folder=tmp_path / "cache", size=64)
    expected = np.stack([SOFT_TISSUE.apply(body[n]) for n in (0, 0, 1, 0)])
    np.testing.assert_allclose(cache.array(slice(0, 4)), expected, atol=1e-4)


def test_readers_on_different_scales_are_refused(tmp_path: Path) -> None:
    rows = ["image,A,B"]
    for n in range(12):
        np.save(tmp_path / f"{n}.npy", np.zeros((32, 32), np.float32))
        rows.append(f"{n}.npy,{n % 5},{25 * (n % 5) + n}")
    (tmp_path / "r.csv").write_text("\n".join(rows))
    with pytest.raises(DistiliqaError, match="readers seem to use different scales: A 0 to 4, B"):
        read_ratings(tmp_path, tmp_path / "r.csv")
    found = read_rated_images(tmp_path, tmp_path / "r.csv", standardize=True)
    assert max(image.score for image in found.images) < 5


def test_slices_of_one_file_have_names_of_their_own(tmp_path: Path) -> None:
    np.save(tmp_path / "stack.npy", np.zeros((3, 64, 64), np.float32))
    (tmp_path / "ratings.csv").write_text("image,slice,A\nstack.npy,2,1\nstack.npy,0,3\n")
    images = read_ratings(tmp_path, tmp_path / "ratings.csv")
    assert [image.name for image in images] == ["stack.npy 2", "stack.npy 0"]
