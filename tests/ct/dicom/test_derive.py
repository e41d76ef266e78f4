"""Derived CT images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openjpeg
import pydicom
import pytest
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.uid import JPEG2000Lossless

from distiliqa.ct.dicom.derive import derive, read_stored, write_dicom
from distiliqa.ct.dicom.derived_tags import DOSE, KEPT
from distiliqa.errors import CTReadError, NotCTError

WriteCT = Callable[..., Path]
HU = np.random.default_rng(0).normal(40, 20, (64, 64)).round()
IDENTITY = ("PatientID", "StudyInstanceUID", "KVP", "ConvolutionKernel", "SliceThickness")
GEOMETRY = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")


def made(source_path: Path, out: Path, derivation: str = "dose 0.5") -> pydicom.Dataset:
    source, hu = read_stored(source_path)
    write_dicom(out, derive(source, hu.astype(int) + 1, derivation))
    return pydicom.dcmread(out)


def test_keeps_identity_and_geometry_and_stores_hu(tmp_path: Path, write_ct: WriteCT) -> None:
    source = pydicom.dcmread(write_ct(tmp_path / "a.dcm", HU))
    derived = made(tmp_path / "a.dcm", tmp_path / "b.dcm")
    for keyword in (*IDENTITY, *GEOMETRY):
        assert derived[keyword].value == source[keyword].value, keyword
    assert (derived.RescaleSlope, derived.RescaleIntercept) == (1, 0)
    np.testing.assert_array_equal(derived.pixel_array, HU + 1)


def test_a_derived_image_names_its_sources(tmp_path: Path, write_ct: WriteCT) -> None:
    source, hu = read_stored(write_ct(tmp_path / "a.dcm", HU))
    other, _ = read_stored(write_ct(tmp_path / "b.dcm", HU))
    derived = derive(source, hu.astype(int), "dose 0.5", used=[other])
    assert list(derived.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert derived.DerivationDescription == "dose 0.5"
    references = [item.ReferencedSOPInstanceUID for item in derived.SourceImageSequence]
    assert references == [source.SOPInstanceUID, other.SOPInstanceUID]


def test_uids_are_new_and_reproducible(tmp_path: Path, write_ct: WriteCT) -> None:
    source = pydicom.dcmread(write_ct(tmp_path / "a.dcm", HU))
    first = made(tmp_path / "a.dcm", tmp_path / "1.dcm")
    made(tmp_path / "a.dcm", tmp_path / "2.dcm")
    other = made(tmp_path / "a.dcm", tmp_path / "3.dcm", "dose 0.75")
    assert (tmp_path / "1.dcm").read_bytes() == (tmp_path / "2.dcm").read_bytes()
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID"):
        assert len({image[keyword].value for image in (source, first, other)}) == 3
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_slices_of_one_series_form_one_new_series(tmp_path: Path, write_ct: WriteCT) -> None:
    write_ct(tmp_path / "a.dcm", HU)
    write_ct(tmp_path / "b.dcm", HU)
    first, second = (made(tmp_path / f"{n}.dcm", tmp_path / f"new_{n}.dcm") for n in "ab")
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_drops_what_is_no_longer_true(tmp_path: Path, write_ct: WriteCT) -> None:
    path = write_ct(tmp_path / "a.dcm", HU, PixelPaddingValue=-2000, LossyImageCompression="01")
    source = pydicom.dcmread(path)
    source.add_new("SmallestImagePixelValue", "SS", -2000)
    source.private_block(0x0029, "ACME", create=True).add_new(1, "LO", "stored range 0 4095")
    source.add_new((0x6000, 0x3000), "OW", b"\0" * 512)
    source.save_as(path)
    derived = made(path, tmp_path / "b.dcm")
    for tag in ("SmallestImagePixelValue", "PixelPaddingValue", (0x6000, 0x3000)):
        assert tag not in derived
    assert not any(element.tag.is_private for element in derived)
    assert derived.LossyImageCompression == "01"  # true for ever (PS3.3, C.7.6.1.1.5)


def test_the_kept_tags_are_those_of_dicom() -> None:
    for keyword in KEPT | DOSE:
        tag = tag_for_keyword(keyword)
        assert tag is not None, keyword
        assert tag >> 16 not in (0x0002, 0x7FE0)


def other_pixels() -> pydicom.Dataset:
    """Tags that are true of the pixels, the bytes or the history of one image alone (PS3.3)."""
    tags, item = pydicom.Dataset(), pydicom.Dataset()
    item.CodeValue = "HU"
    item.add_new(0x00291010, "LO", "of the vendor")
    for keyword in (
        "RealWorldValueMappingSequence",
        "ModalityLUTSequence",
        "VOILUTSequence",
        "IconImageSequence",
        "HistogramSequence",
        "OriginalAttributesSequence",
        "ReferencedImageSequence",
        "DerivationCodeSequence",
        "MACParametersSequence",
        "DigitalSignaturesSequence",
        "PixelValueTransformationSequence",
        "ContributingEquipmentSequence",
    ):
        setattr(tags, keyword, [item])
    for keyword in ("LargestImagePixelValue", "LargestPixelValueInSeries"):
        tags.add_new(keyword, "SS", 3000)
    tags.add_new("PixelPaddingRangeLimit", "SS", -1900)
    tags.ReconstructionDiameter, tags.ImageComments = 500, "MIP"
    tags.IrradiationEventUID, tags.InstanceCreationDate = "1.2.3", "20240101"
    tags.add_new(0x00189999, "LO", "a tag of a later edition")
    tags.add_new(0x60023000, "OW", bytes(512))
    tags.add_new(0x50003000, "OW", bytes(8))
    return tags


def test_keeps_only_what_is_known_to_hold_for_other_pixels(
    tmp_path: Path, write_ct: WriteCT
) -> None:
    path = write_ct(tmp_path / "a.dcm", HU)
    source = pydicom.dcmread(path)
    source.update(other_pixels())
    region = pydicom.Dataset()
    region.CodeMeaning = "Abdomen"
    region.add_new(0x00291010, "LO", "of the vendor")
    source.AnatomicRegionSequence = [region]
    source.WindowCenter, source.WindowWidth = 40, 350
    source.save_as(path)
    derived = made(path, tmp_path / "b.dcm")
    assert [element.keyword for element in derived if element.tag in other_pixels()] == []
    assert (derived.WindowCenter, derived.WindowWidth) == (40, 350)  # in HU, as are the pixels
    assert derived.AnatomicRegionSequence[0].CodeMeaning == "Abdomen"
    assert not any(element.tag.is_private for element in derived.iterall())


def test_what_is_in_proportion_to_the_dose_changes_with_it(
    tmp_path: Path, write_ct: WriteCT
) -> None:
    tags = {"XRayTubeCurrent": 200, "Exposure": 1, "CTDIvol": 8.0, "KVP": 120}
    source, hu = read_stored(write_ct(tmp_path / "a.dcm", HU, **tags, ExposureTime=500))
    same = derive(source, hu.astype(int), "same")
    assert {keyword: same[keyword].value for keyword in tags} == tags
    quarter = derive(source, hu.astype(int), "quarter", dose=0.25)
    assert (quarter.XRayTubeCurrent, quarter.CTDIvol) == (50, 2.0)
    assert (quarter.KVP, quarter.ExposureTime) == (120, 500)
    assert "Exposure" not in quarter  # in whole mAs nothing is left of it


def test_reads_pixels_as_stored(tmp_path: Path, write_ct: WriteCT) -> None:
    hu = HU.copy()
    hu[:8] = -3024
    flipped = [-1, 0, 0, 0, -1, 0]
    path = write_ct(tmp_path / "a.dcm", hu, ImageOrientationPatient=flipped, RescaleSlope=0.5)
    np.testing.assert_array_equal(read_stored(path)[1], hu)


def test_unusable_files_are_named(tmp_path: Path, write_ct: WriteCT) -> None:
    (tmp_path / "text.dcm").write_text("not DICOM")
    whole = write_ct(tmp_path / "whole.dcm", HU).read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: len(whole) - 100])
    write_ct(tmp_path / "mr.dcm", HU, Modality="MR")
    write_ct(tmp_path / "anonymous.dcm", HU, SeriesInstanceUID=None)
    write_ct(tmp_path / "tiny.dcm", np.zeros((1, 1)))
    image = pydicom.dcmread(tmp_path / "whole.dcm")
    del image.PixelData
    image.save_as(tmp_path / "empty.dcm")
    names = ("text", "cut", "mr", "anonymous", "tiny", "empty", "missing")
    for name in names:
        path = tmp_path / f"{name}.dcm"
        with pytest.raises(CTReadError, match=f"{name}.dcm: "):
            read_stored(path)
    with pytest.raises(NotCTError):
        read_stored(tmp_path / "mr.dcm")


def test_a_copy_of_lossy_pixels_stays_lossy(tmp_path: Path, write_ct: WriteCT) -> None:
    stored = (HU + 1024).astype(np.uint16)
    image = pydicom.dcmread(write_ct(tmp_path / "a.dcm", HU, PixelRepresentation=0))
    encoded = openjpeg.encode(stored, bits_stored=16, compression_ratios=[5])
    image.PixelData = pydicom.encaps.encapsulate([encoded])
    image["PixelData"].is_undefined_length = True
    image.file_meta.TransferSyntaxUID = JPEG2000Lossless
    image.save_as(tmp_path / "a.dcm")
    assert made(tmp_path / "a.dcm", tmp_path / "b.dcm").LossyImageCompression == "01"


def test_several_frames_are_not_one_slice(tmp_path: Path, write_ct: WriteCT) -> None:
    path = write_ct(tmp_path / "a.dcm", HU, NumberOfFrames=2)
    with pytest.raises(NotCTError, match="2 frames of 1 samples are not one CT slice"):
        read_stored(path)


def test_an_enhanced_image_of_one_frame_has_its_rescale_elsewhere(
    tmp_path: Path, write_ct: WriteCT
) -> None:
    path = write_ct(tmp_path / "a.dcm", HU, SharedFunctionalGroupsSequence=[pydicom.Dataset()])
    with pytest.raises(NotCTError, match="an Enhanced image, of which no other is derived"):
        read_stored(path)


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"RescaleSlope": b"1\\x01"}, "RescaleSlope is .*, which gives no HU"),
        ({"HighBit": b"\x0b\x00"}, "High Bit 11 does not go with 16 Bits Stored"),
        ({"BitsStored": b""}, "lacks BitsStored"),
        ({"Modality": b"MR"}, "modality MR, not CT"),
    ],
)
def test_what_no_reader_takes_is_not_derived_from(
    tmp_path: Path, write_ct: WriteCT, tags: dict[str, bytes], says: str
) -> None:
    source = pydicom.dcmread(write_ct(tmp_path / "a.dcm", HU))
    for keyword, value in tags.items():
        element = source[keyword]
        raw = RawDataElement(element.tag, element.VR, len(value), value, 0, False, True)
        source[element.tag] = raw
    source.save_as(tmp_path / "a.dcm")
    with pytest.raises(CTReadError, match=says):
        read_stored(tmp_path / "a.dcm")


def test_a_tag_that_cannot_be_copied_is_an_error(tmp_path: Path, write_ct: WriteCT) -> None:
    path = write_ct(tmp_path / "a.dcm", HU, StationName="NAME")
    path.write_bytes(path.read_bytes().replace(b"\x10\x10SH", b"\x10\x10S\xe0"))
    with pytest.raises(CTReadError, match="the header cannot be read"):
        read_stored(path)
