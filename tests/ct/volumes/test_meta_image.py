from __future__ import annotations

import os
import zlib

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.formats import index_one
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.meta_image import read_meta_image
from distiliqa.errors import CTReadError, NotCTError

HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryDataByteOrderMSB": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "-10 -20 30",
    "ElementSpacing": "0.7 0.7 3",
    "DimSize": "64 64 3",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


@pytest.fixture
def slices(body):
    return np.stack([body, body + 1, body + 2]).astype("<i2")


@pytest.fixture
def save(tmp_path, slices):
    """Write a MetaImage; a field that is None is left out."""

    def write(pixels=None, name="a.mha", **fields):
        lines = {**HEADER, **fields}
        lines["ElementDataFile"] = lines.pop("ElementDataFile")  # the last of a header
        text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)
        path = tmp_path / name
        path.write_bytes(text.encode() + (slices.tobytes() if pixels is None else pixels))
        return path

    return write


def loaded(path):
    return [ref.read() for ref in index_ct(path).slices]


def simple_itk(path):
    """What ITK reads: values (slice, row, column), and where the first voxels lie."""
    itk = pytest.importorskip("SimpleITK")
    image = itk.ReadImage(str(path))
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    places = [image.TransformIndexToPhysicalPoint(corner) for corner in corners]
    return itk.GetArrayFromImage(image), places


def read(path):
    """The same from the reader of the package."""
    volume = read_meta_image(path)
    volume.voxels.check_length()
    corners = np.array([(0, 0, 0, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1)])
    return volume.voxels.whole().transpose(), (corners @ volume.to_lps.T)[:, :3]


def assert_same(path):
    values, places = read(path)
    expected, expected_places = simple_itk(path)
    np.testing.assert_array_equal(values, expected)
    assert values.dtype.newbyteorder("=") == expected.dtype
    np.testing.assert_allclose(places, expected_places, atol=1e-9)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_what_simple_itk_writes_reads_the_same(tmp_path, slices, name, dtype, compressed):
    itk = pytest.importorskip("SimpleITK")
    image = itk.GetImageFromArray((slices + 2000).astype(dtype))
    image.SetSpacing((0.7, 0.8, 3))
    image.SetOrigin((-10, -20, 30))
    image.SetDirection((0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1))
    itk.WriteImage(image, str(tmp_path / name), compressed)
    assert_same(tmp_path / name)


@pytest.mark.parametrize(
    "fields",
    [
        {"BinaryDataByteOrderMSB": "True"},
        {"BinaryDataByteOrderMSB": None, "ElementByteOrderMSB": "True"},
        {"Offset": None, "Position": "1 2 3"},
        {"Offset": None, "Origin": "1 2 3"},
        {"ElementSpacing": None, "ElementSize": "1 2 3"},
        {"ElementSize": "4 5 6"},
        {"TransformMatrix": None, "Orientation": "0 1 0 -1 0 0 0 0 1"},
        {"TransformMatrix": None, "Rotation": "0 1 0 -1 0 0 0 0 1"},
        {"HeaderSize": "-1"},
        {"ElementType": "MET_LONG", "DimSize": "64 64 1"},
        {"ElementType": "MET_USHORT", "ObjectType": None, "Modality": "MET_MOD_CT"},
    ],
)
def test_other_spellings_read_as_simple_itk_reads_them(save, fields):
    pixels = None if fields.get("DimSize") is None else bytes(64 * 64 * 4)
    assert_same(save(pixels, **fields))


@pytest.mark.parametrize("name", ["a.mhd", "A.MHD"])
def test_pixels_beside_their_header(save, tmp_path, slices, name):
    (tmp_path / "pixels.raw").write_bytes(b"head" + slices.tobytes())
    path = save(b"", name, ElementDataFile="pixels.raw", HeaderSize="4")
    np.testing.assert_array_equal([image.hu for image in loaded(path)], slices)
    assert [image.position_mm for image in loaded(path)] == [30, 33, 36]
    assert loaded(path)[0].spacing_mm == pytest.approx((0.7, 0.7))


def test_text_and_a_stream_without_its_length(save, slices):
    text = " ".join(map(str, slices.ravel())).encode()
    for pixels, fields in (
        (text, {"BinaryData": "False"}),
        (zlib.compress(slices.tobytes()), {"CompressedData": "True"}),
    ):
        path = save(pixels, **fields)
        np.testing.assert_array_equal([image.hu for image in loaded(path)], slices)


def test_orientation_is_undone(save, slices):
    stored = np.ascontiguousarray(slices[:, ::-1, ::-1])
    path = save(stored.tobytes(), TransformMatrix="-1 0 0 0 -1 0 0 0 1")
    np.testing.assert_array_equal([image.hu for image in loaded(path)], slices)


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"TransformMatrix": None}, "no orientation in the file: taken as axial"),
        ({"ElementSpacing": None}, "no spacing of voxels in the file: taken as 1 mm"),
        ({"DistanceUnits": "inch"}, "unit of length in the file is unknown: taken as mm"),
        (
            {"DistanceUnits": "um"},
            "gives its lengths in um, which makes pixels of 0.0007 mm: taken",
        ),
        ({"ElementToIntensityFunctionSlope": "2"}, "a slope of 2 and an offset of 0: not applied"),
        ({"ElementSpacing": "7 7 3"}, "pixels of 7 x 7 mm, which no CT has"),
    ],
)
def test_what_is_doubtful_is_a_warning(save, fields, warning):
    (found,) = loaded(save(**fields))[0].warnings
    assert warning in found


def test_lengths_in_centimeters_become_millimeters(save):
    image = loaded(save(DistanceUnits="cm", ElementSpacing="0.07 0.07 0.3", Offset="0 0 4"))[1]
    assert image.spacing_mm == pytest.approx((0.7, 0.7))
    assert image.position_mm == pytest.approx(43)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"NDims": "10000"}, "ndims is '10000'"),
        ({"NDims": "-1"}, "ndims is '-1'"),
        ({"NDims": "9" * 5000}, "ndims is '9999"),
        ({"NDims": None}, "no ndims"),
        ({"DimSize": "64 64"}, "dimsize is '64 64'"),
        ({"DimSize": f"64 64 {2**40}"}, "dimsize is"),
        ({"DimSize": "64 64 -3"}, "names -3 slices"),
        ({"DimSize": "-64 64 3"}, "-64 x 64 pixels is too small"),
        ({"DimSize": "64 64 1000000"}, "1000000 slices are more than any series has"),
        ({"DimSize": "64 64 4"}, "names 32768 bytes of voxels, but 24576 are there"),
        ({"DimSize": "64 64 2"}, "8192 bytes follow the 16384 of the voxels"),
        ({"ElementSpacing": "0.7 0.7 0"}, "singular or not finite"),
        ({"ElementSpacing": "nan 0.7 1"}, "singular or not finite"),
        ({"ElementSpacing": "1 " * 100_000}, "elementspacing is '1 1 1 "),
        ({"TransformMatrix": "1 0 0 1 0 0 0 0 1"}, "singular or not finite"),
        ({"ElementType": "MET_SHORT_ARRAY"}, "elementtype is 'MET_SHORT_ARRAY'"),
        ({"ElementNumberOfChannels": "3"}, "3 values in each voxel"),
        ({"ObjectType": "Mesh"}, "objecttype is 'Mesh'"),
        ({"HeaderSize": "7"}, "headersize is '7'"),
        ({"HeaderSize": str(2**31)}, "but 0 are there"),
        ({"Comment": "x" * (1 << 20)}, "no end of its header within 1 MiB"),
        ({"ElementDataFile": "LIST"}, "its pixels are in several files"),
        ({"ElementDataFile": "a%03d.raw 1 3 1"}, "its pixels are in several files"),
        ({"ElementDataFile": "%s%s%s%n"}, "voxels cannot be read"),
        ({"ElementDataFile": "/dev/zero"}, "are outside of its folder"),
        ({"ElementDataFile": "../a.raw"}, "are outside of its folder"),
        ({"ElementDataFile": "./a.mha"}, "names itself as the file of its pixels"),
        ({"CompressedData": "True"}, "cut short or damaged"),
        ({"BinaryData": "False"}, "cut short or damaged"),
    ],
)
def test_hostile_headers_are_errors(save, fields, problem):
    with pytest.raises(CTReadError, match=problem) as error:
        loaded(save(**fields))
    assert len(str(error.value)) < 400


@pytest.mark.skipif(os.name == "nt", reason="no such files")
@pytest.mark.parametrize("target", ["/dev/zero", None])
def test_pixels_in_what_is_no_file_are_never_opened(save, tmp_path, target):
    if target:
        (tmp_path / "a.raw").symlink_to(target)
    else:
        os.mkfifo(tmp_path / "a.raw")
    with pytest.raises(CTReadError, match="not a file; put the voxels beside"):
        index_ct(save(b"", "a.mhd", ElementDataFile="a.raw"))


def test_bytes_and_planes_are_refused(save, tmp_path):
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(save(bytes(3 * 64 * 64), ElementType="MET_UCHAR"))
    with pytest.raises(CTReadError, match=r"shape \(64, 64\); give one volume of three axes"):
        index_ct(save(bytes(8192), NDims="2", DimSize="64 64", Offset=None))
    (tmp_path / "text.mha").write_text("not a volume")
    with pytest.raises(CTReadError, match="not readable as a volume"):
        index_ct(tmp_path / "text.mha")


def test_a_stream_that_holds_more_than_its_header_names_is_refused(save):
    path = save(zlib.compress(bytes(64 << 20)), CompressedData="True")
    with pytest.raises(CTReadError, match="more than the 24576 bytes of voxels"):
        loaded(path)


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_name_that_is_not_utf_8_reads(save, tmp_path):
    odd = save().rename(os.fsdecode(bytes(tmp_path / "a") + b"\xe4.mha"))
    assert len(index_ct(odd).slices) == 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", ["1e300", "-1e308", "1e-300", "1e-20", "inf", "nan"])
def test_extreme_lengths_are_refused_or_unknown_and_print_nothing(save, number):
    three = " ".join([number] * 3)
    for fields in (
        {"ElementSpacing": three, "Offset": three, "DistanceUnits": "cm"},
        {"TransformMatrix": f"{number} 0 0 0 {number} 0 0 0 {number}"},
        {"Offset": three},
    ):
        found = index_one(Source.on_disk(save(**fields)))
        assert found.failed or len(found.slices) == 3
        assert all("singular or not finite" in problem.reason for problem in found.failed)
        for ref in found.slices:
            assert abs(ref.read().position_mm or 0.0) < 1e5
