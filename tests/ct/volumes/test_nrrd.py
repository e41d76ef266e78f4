from __future__ import annotations

import gzip
import os

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.volumes.nrrd import read_nrrd
from distiliqa.errors import CTReadError, NotCTError

HEADER = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "64 64 3",
    "space directions": "(0.7,0,0) (0,0.7,0) (0,0,3)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(-10,-20,30)",
}


@pytest.fixture
def slices(body):
    return np.stack([body, body + 1, body + 2]).astype("<i2")


@pytest.fixture
def save(tmp_path, slices):
    """Write an NRRD; a field that is None is left out."""

    def write(fields, pixels=None, name="a.nrrd", magic="NRRD0004"):
        lines = {**HEADER, **fields}
        text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)
        path = tmp_path / name
        content = slices.tobytes() if pixels is None else pixels
        path.write_bytes(f"{magic}\n# made by a test\n{text}key:=value\n\n".encode() + content)
        return path

    return write


def loaded(path):
    return [ref.read() for ref in index_ct(path).slices]


def assert_same(path):
    """The reader of the package gives the values and places that ITK gives."""
    itk = pytest.importorskip("SimpleITK")
    image = itk.ReadImage(str(path))
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    places = [image.TransformIndexToPhysicalPoint(corner) for corner in corners]
    volume = read_nrrd(path)
    volume.voxels.check_length()
    values = volume.voxels.whole().transpose()
    np.testing.assert_array_equal(values, itk.GetArrayFromImage(image))
    found = np.array([(*corner, 1) for corner in corners]) @ volume.to_lps.T
    np.testing.assert_allclose(found[:, :3], places, atol=1e-9)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_what_simple_itk_writes_reads_the_same(tmp_path, slices, name, dtype, compressed):
    itk = pytest.importorskip("SimpleITK")
    image = itk.GetImageFromArray((slices + 2000).astype(dtype))
    image.SetSpacing((0.7, 0.8, 3))
    image.SetOrigin((-10, -20, 30))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    itk.WriteImage(image, str(tmp_path / name), compressed)
    assert_same(tmp_path / name)


NO_SPACE = {"space": None, "space directions": None, "space origin": None}


@pytest.mark.parametrize(
    "fields",
    [
        *({"space": name} for name in ("RAS", "las", "LPS", "Right-Anterior-Superior")),
        *({"space": name} for name in ("left-anterior-superior", "scanner-xyz", "3D-left-handed")),
        {"space origin": None},
        {"space directions": "( 0 , 1 , 0 ) (-1,0,0)(0,0,3)", "space origin": "(5, 6, 7)"},
        NO_SPACE,
        {**NO_SPACE, "spacings": "1 2 3"},
        {**NO_SPACE, "spacings": "1 2 3", "axis mins": "10 20 30"},
        {**NO_SPACE, "spacings": "1 2 3", "axis mins": "1 2 3", "centers": "node cell node"},
        {"endian": "big"},
        *({"type": name} for name in ("int16", "signed short int", "unsigned short", "ushort")),
        {"kinds": None, "thicknesses": "1 1 1", "labels": '"x" "y" "z"', "units": '"" "" ""'},
    ],
)
def test_other_spellings_read_as_simple_itk_reads_them(save, fields):
    assert_same(save(fields))


@pytest.mark.parametrize("magic", ["NRRD0001", "NRRD0005", "NRRD00.01"])
def test_every_version_reads(save, magic):
    assert_same(save({}, magic=magic))


@pytest.mark.parametrize(
    ("fields", "coded"),
    [
        ({"encoding": "gz"}, gzip.compress),
        ({"encoding": "gzip", "byte skip": "4"}, lambda b: gzip.compress(b"head" + b)),
        ({"encoding": "gzip", "lineskip": "1"}, lambda b: b"a line\n" + gzip.compress(b)),
        ({"byte skip": "4"}, lambda b: b"head" + b),
        ({"byteskip": "-1"}, lambda b: b"some head" + b),
        ({"line skip": "2", "byte skip": "2"}, lambda b: b"one\ntwo\nhe" + b),
        ({"encoding": "text", "endian": None}, lambda b: _text(b, " ")),
        ({"encoding": "ascii"}, lambda b: _text(b, ", ")),
    ],
)
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
def test_every_coding_reads_as_simple_itk_reads_it(save, tmp_path, slices, fields, coded, name):
    pixels = coded(slices.tobytes())
    if name == "a.nhdr":
        (tmp_path / "a.raw").write_bytes(pixels)
        path = save({**fields, "data file": "./a.raw"}, b"", name)
    else:
        path = save(fields, pixels)
    assert_same(path)
    np.testing.assert_array_equal([image.hu for image in loaded(path)], slices)


def _text(content, between):
    return between.join(map(str, np.frombuffer(content, "<i2"))).encode()


def test_a_detached_header_may_end_without_an_empty_line(save, tmp_path, slices):
    (tmp_path / "a.raw").write_bytes(slices.tobytes())
    path = save({"data file": "a.raw"}, b"", "a.nhdr")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    np.testing.assert_array_equal([image.hu for image in loaded(path)], slices)


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({**NO_SPACE, "spacings": "1 1 3"}, "no orientation in the file: taken as axial"),
        ({"space": "scanner-xyz"}, "scanner-xyz is not the patient's: taken as left-posterior"),
        ({"space": None, "space dimension": "3"}, "a space without a name is not the patient's"),
        ({"space units": '"ly" "ly" "ly"'}, "unit of length in the file is unknown: taken as mm"),
        ({"space units": '"m" "m" "m"'}, "its lengths in m, which makes pixels of 700 mm: taken"),
        ({"space directions": "(7,0,0) (0,7,0) (0,0,3)"}, "pixels of 7 x 7 mm, which no CT has"),
    ],
)
def test_what_is_doubtful_is_a_warning(save, fields, warning):
    (found,) = loaded(save(fields))[0].warnings
    assert warning in found


def test_lengths_in_micrometers_become_millimeters(save):
    fields = {"space directions": "(700,0,0) (0,700,0) (0,0,3000)", "space origin": "(0,0,4000)"}
    image = loaded(save({**fields, "space units": '"um" "um" "um"'}))[1]
    assert image.spacing_mm == pytest.approx((0.7, 0.7))
    assert image.position_mm == pytest.approx(7)
    assert image.warnings == ()


LONG = "1 " * 200_000


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"dimension": "10000"}, "dimension is '10000'"),
        ({"dimension": "-1"}, "dimension is '-1'"),
        ({"dimension": "9" * 5000}, "dimension is '9999"),
        ({"dimension": None}, "no dimension"),
        ({"sizes": "64 64"}, "sizes is '64 64'"),
        ({"sizes": LONG}, "sizes is '1 1 1"),
        ({"sizes": "64 64 -3"}, "names -3 slices"),
        ({"sizes": "64 64 1000000"}, "1000000 slices are more than any series has"),
        ({"sizes": "64 64 4"}, "names 32768 bytes of voxels, but 24576 are there"),
        ({"sizes": "64 64 2"}, "8192 bytes follow the 16384 of the voxels"),
        ({"space": None, "space directions": None, "spacings": LONG}, "spacings is '1 1 1"),
        ({**NO_SPACE, "spacings": "1 1 3", "axis mins": LONG}, "axismins is '1 1 1"),
        ({"thicknesses": LONG, "labels": '"x" ' * 200_000}, "no end of its header within 1 MiB"),
        ({"units": '"mm' * 100, "space units": "mm " * 10_000, "kinds": "list " * 9}, "axes that"),
        ({"space": "left-posterior-superior-time"}, "space is 'left-posterior-superior-time'"),
        ({"space directions": "none (1,0,0) (0,1,0)"}, "spacedirections is ''"),
        ({"space directions": "(1,0) (0,1) (1,1)"}, "spacedirections is '1,0'"),
        ({"space directions": "(1,0,0) (1,0,0) (0,0,1)"}, "singular or not finite"),
        ({"space origin": "(1e999,0,0)"}, "singular or not finite"),
        ({"kinds": "vector domain domain"}, "not one gray value a voxel"),
        ({"type": "block"}, "type is 'block'"),
        ({"endian": None}, "no endian"),
        ({"encoding": "bzip2"}, "encoding is 'bzip2'"),
        ({"byte skip": "-2"}, "byteskip is '-2'"),
        ({"byte skip": str(2**31)}, "but 0 are there"),
        ({"data file": "LIST"}, "its pixels are in several files"),
        ({"data file": "a%03d.raw 1 3 1"}, "its pixels are in several files"),
        ({"data file": "%s%s%s%n"}, "voxels cannot be read"),
        ({"data file": "/dev/zero"}, "are outside of its folder"),
        ({"data file": "../a.raw"}, "are outside of its folder"),
        ({"encoding": "gzip"}, "cut short or damaged"),
        ({"encoding": "text"}, "cut short or damaged"),
    ],
)
def test_hostile_headers_are_errors(save, fields, problem):
    with pytest.raises(CTReadError, match=problem) as error:
        loaded(save(fields))
    assert len(str(error.value)) < 400


def test_text_that_names_what_the_type_cannot_hold_is_an_error(save, slices):
    pixels = _text(slices.tobytes(), " ").replace(b"-1000", b"99999", 1)
    with pytest.raises(CTReadError, match="numbers that are no int16"):
        loaded(save({"encoding": "text"}, pixels))


@pytest.mark.skipif(os.name == "nt", reason="no such files")
def test_pixels_in_a_pipe_are_never_opened(save, tmp_path):
    os.mkfifo(tmp_path / "a.raw")
    with pytest.raises(CTReadError, match="not a file; put the voxels beside"):
        index_ct(save({"data file": "a.raw"}, b"", "a.nhdr"))


def test_masks_and_planes_are_refused(save):
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(save({"type": "uchar"}, bytes(3 * 64 * 64)))
    with pytest.raises(CTReadError, match=r"shape \(64, 64\); give one volume of three axes"):
        index_ct(save({**NO_SPACE, "dimension": "2", "sizes": "64 64", "kinds": None}, bytes(8192)))


def test_a_stream_that_holds_more_than_its_header_names_is_refused(save):
    with pytest.raises(CTReadError, match="more than the 24576 bytes of voxels"):
        loaded(save({"encoding": "gzip"}, gzip.compress(bytes(1 << 20))))
