from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, JPEG2000Lossless, RLELossless

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError

AXIAL = [1, 0, 0, 0, 1, 0]
CORONAL = [1, 0, 0, 0, 0, -1]

# Tags of classic slices that an enhanced image keeps in functional groups only.
IN_GROUPS = (
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "KVP",
    "XRayTubeCurrent",
    "SliceThickness",
    "ConvolutionKernel",
    "BodyPartExamined",
)


def item(**tags) -> list[Dataset]:
    """A sequence of one item."""
    dataset = Dataset()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return [dataset]


def per_frame(z: float, slope: float, cosines=AXIAL, frame_type="AXIAL") -> Dataset:
    (group,) = item(
        PlanePositionSequence=item(ImagePositionPatient=[-100, -100, z]),
        PlaneOrientationSequence=item(ImageOrientationPatient=cosines),
        PixelValueTransformationSequence=item(
            RescaleSlope=slope, RescaleIntercept=-1024, RescaleType="HU"
        ),
        CTImageFrameTypeSequence=item(FrameType=["ORIGINAL", "PRIMARY", frame_type, "NONE"]),
        CTExposureSequence=item(XRayTubeCurrentInmA=100.0 + z, ExposureInmAs=50.0, CTDIvol=7.5),
    )
    return group


@pytest.fixture
def write_enhanced(write_ct):
    """Write an Enhanced CT of ``hu``, (frames, rows, columns), with one group a frame."""

    def write(path: Path, hu: np.ndarray, groups: list[Dataset]) -> Path:
        write_ct(path, hu[0], SOPClassUID=EnhancedCTImageStorage, **dict.fromkeys(IN_GROUPS))
        dataset = pydicom.dcmread(path)
        dataset.NumberOfFrames = len(hu)
        dataset.SharedFunctionalGroupsSequence = item(
            PixelMeasuresSequence=item(PixelSpacing=[0.8, 0.8], SliceThickness=5),
            CTXRayDetailsSequence=item(KVP=100.0),
            CTReconstructionSequence=item(ConvolutionKernel="STANDARD"),
            FrameAnatomySequence=item(AnatomicRegionSequence=item(CodeMeaning="Chest")),
        )
        dataset.PerFrameFunctionalGroupsSequence = groups
        slopes = [g.PixelValueTransformationSequence[0].RescaleSlope for g in groups]
        stored = (hu + 1024) / np.reshape(slopes, (-1, 1, 1)).astype(float)
        dataset.PixelData = stored.round().astype(np.int16).tobytes()
        dataset.save_as(path)
        return path

    return write


@pytest.fixture
def frames(body) -> np.ndarray:
    return np.stack([body + 2 * number for number in range(3)])


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
def test_frames_have_their_own_rescale_and_position(tmp_path, write_enhanced, frames, syntax):
    groups = [per_frame(30, 1), per_frame(10, 2), per_frame(20, 0.5)]
    path = write_enhanced(tmp_path / "a.dcm", frames, groups)
    if syntax is not None:
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax)
        dataset.save_as(path)
    refs = index_ct(path).slices
    assert [(ref.frame, ref.position_mm) for ref in refs] == [(1, 10), (2, 20), (0, 30)]
    for ref in refs:
        image = ref.read()
        np.testing.assert_allclose(image.hu, frames[ref.frame], atol=1)
        assert image.frame == ref.frame
        assert image.warnings == ()


def test_acquisition_comes_from_the_functional_groups(tmp_path, write_enhanced, frames):
    path = write_enhanced(tmp_path / "a.dcm", frames, [per_frame(z, 1) for z in range(3)])
    image = index_ct(path).slices[2].read()
    facts = image.acquisition
    assert (facts.kvp, facts.tube_current_ma, facts.exposure_mas) == (100, 102, 50)
    assert (facts.ctdivol_mgy, facts.slice_thickness_mm) == (7.5, 5)
    assert (facts.kernel, facts.body_part) == ("STANDARD", "Chest")
    assert image.spacing_mm == (0.8, 0.8)


def test_dose_and_reconstruction_come_from_the_functional_groups(tmp_path, write_enhanced, frames):
    groups = [per_frame(z, 1) for z in range(3)]
    for number, group in enumerate(groups):
        exposure = group.CTExposureSequence[0]
        exposure.ExposureModulationType = "XYZ_EC"
        exposure.CTDIPhantomTypeCodeSequence = item(CodeValue="113691")
        group.CTAcquisitionDetailsSequence = item(RevolutionTime=0.5)
        group.CTTableDynamicsSequence = item(SpiralPitchFactor=1.2)
        group.CTReconstructionSequence = item(
            ReconstructionAlgorithm="ITERATIVE", ReconstructionFieldOfView=[350.0, 300.0]
        )
        group.IrradiationEventIdentificationSequence = item(IrradiationEventUID=f"1.2.{number}")
    refs = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups)).slices
    facts = refs[0].acquisition
    assert (facts.modulation, facts.ctdi_phantom_cm) == ("XYZ_EC", 32)
    assert (facts.rotation_time_s, facts.pitch) == (0.5, 1.2)
    assert (facts.reconstruction_method, facts.field_of_view_mm) == ("iterative", 350)
    assert [ref.event_uids for ref in refs] == [("1.2.0",), ("1.2.1",), ("1.2.2",)]


def test_the_second_source_of_a_dual_source_scanner_does_not_count(
    tmp_path, write_enhanced, frames
):
    groups = [per_frame(z, 1) for z in range(3)]
    for group in groups:
        group.CTAdditionalXRaySourceSequence = item(
            KVP=140.0, XRayTubeCurrentInmA=333.0, ExposureInmAs=77.0
        )
    facts = (
        index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups)).slices[0].read().acquisition
    )
    assert (facts.kvp, facts.tube_current_ma, facts.exposure_mas) == (100, 100, 50)


def private(tag: int, *items: Dataset) -> Dataset:
    """A group that holds a private sequence of Philips, (2005,xx0F)."""
    group = Dataset()
    group.add_new(0x20050014, "LO", "Philips MR Imaging DD 005")
    group.add_new(tag, "SQ", list(items))
    return group


@pytest.mark.parametrize("vr", ["SQ", "UN"])
@pytest.mark.parametrize("place", ["shared", "per frame", "inside a public macro"])
def test_private_sequences_do_not_count(tmp_path, write_enhanced, frames, place, vr):
    (strange,) = item(
        ImagePositionPatient=[-100, -100, 7.5],
        ImageOrientationPatient=CORONAL,
        PixelSpacing=[3, 3],
        RescaleSlope=1,
        RescaleIntercept=0,
        ImageType=["DERIVED", "SECONDARY", "LOCALIZER"],
        FrameType=["DERIVED", "SECONDARY", "LOCALIZER"],
        PlanePositionSequence=item(ImagePositionPatient=[-100, -100, 8.5]),
    )
    group = private(0x2005140F, strange, strange)
    groups = [per_frame(3 * number, 1) for number in range(3)]
    if place == "per frame":
        for public in groups:
            public.update(group)
    if place == "inside a public macro":
        for public in groups:
            public.PlanePositionSequence[0].update(group)
    path = write_enhanced(tmp_path / "a.dcm", frames, groups)
    if place == "shared":
        dataset = pydicom.dcmread(path)
        dataset.SharedFunctionalGroupsSequence[0].update(group)
        dataset.save_as(path)
    if vr == "UN":
        path.write_bytes(path.read_bytes().replace(b"\x05\x20\x0f\x14SQ", b"\x05\x20\x0f\x14UN"))
    refs = index_ct(path).slices
    assert [ref.position_mm for ref in refs] == [0, 3, 6]
    for ref in refs:
        image = ref.read()
        np.testing.assert_array_equal(image.hu, frames[ref.frame])
        assert (image.spacing_mm, image.warnings) == ((0.8, 0.8), ())


def test_references_to_other_images_do_not_count(tmp_path, write_enhanced, frames):
    groups = [per_frame(3 * number, 1) for number in range(3)]
    for group in groups:
        group.DerivationImageSequence = item(RescaleIntercept=0, ImagePositionPatient=[0, 0, 99])
    refs = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups)).slices
    assert [ref.position_mm for ref in refs] == [0, 3, 6]
    np.testing.assert_array_equal(refs[1].read().hu, frames[1])


def test_frames_without_any_group_of_their_own_are_refused(tmp_path, write_enhanced, frames):
    path = write_enhanced(tmp_path / "a.dcm", frames, [per_frame(z, 1) for z in range(3)])
    dataset = pydicom.dcmread(path)
    del dataset.PerFrameFunctionalGroupsSequence
    dataset.save_as(path)
    with pytest.raises(CTReadError, match="describes 0 of its 3 frames"):
        index_ct(path)


def test_frames_that_are_not_axial_are_left_out_and_counted(tmp_path, write_enhanced, frames):
    groups = [
        per_frame(0, 1),
        per_frame(1, 1, cosines=CORONAL),
        per_frame(2, 1, frame_type="LOCALIZER"),
    ]
    path = write_enhanced(tmp_path / "a.dcm", frames, groups)
    index = index_ct(path)
    assert [ref.frame for ref in index.slices] == [0]
    assert [problem.reason for problem in index.left_out] == [
        "1 of 3 frames: not an axial slice (coronal)",
        "1 of 3 frames: not an axial slice (Image Type LOCALIZER)",
    ]


def test_frames_that_were_computed_are_left_out(tmp_path, write_enhanced, frames):
    groups = [per_frame(z, 1, frame_type="VOLUME") for z in range(3)]
    groups[1].CTImageFrameTypeSequence[0].FrameType = ["DERIVED", "PRIMARY", "VOLUME", "MAXIMUM"]
    groups[2].CTImageFrameTypeSequence[0].VolumeBasedCalculationTechnique = "MIN_IP"
    index = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups))
    assert [ref.frame for ref in index.slices] == [0]
    assert [problem.reason for problem in index.left_out] == [
        "1 of 3 frames: a projection or mean of several slices (Image Type MAXIMUM)",
        "1 of 3 frames: a projection or reformat (Volume Based Calculation Technique MIN_IP)",
    ]


def test_stacks_are_series_of_their_own(tmp_path, write_enhanced, body):
    frames = np.stack([body + number for number in range(4)])
    groups = [per_frame(z, 1) for z in (0, 3, 300, 303)]
    for stack, group in zip("1122", groups, strict=True):
        group.FrameContentSequence = item(StackID=stack, InStackPositionNumber=1)
    index = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups))
    assert [ref.series.rpartition(" stack ")[2] for ref in index.slices] == list("1122")
    assert [ref.read().series for ref in index.slices] == [ref.series for ref in index.slices]
    for group in groups:
        group.FrameContentSequence[0].StackID = "1"
    index = index_ct(write_enhanced(tmp_path / "b.dcm", frames, groups))
    assert {ref.series for ref in index.slices} == {index.slices[0].read().series_uid}


def test_a_derivation_in_a_functional_group_is_read(tmp_path, write_enhanced, frames):
    groups = [per_frame(z, 1) for z in range(3)]
    code = item(CodeValue="113072", CodingSchemeDesignator="DCM", CodeMeaning="MPR")
    groups[2].DerivationImageSequence = item(DerivationCodeSequence=code)
    index = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups))
    assert [ref.frame for ref in index.slices] == [0, 1]
    (problem,) = index.left_out
    assert "Derivation Code 113072" in problem.reason


def test_a_file_of_localizers_alone_is_refused(tmp_path, write_enhanced, frames):
    groups = [per_frame(z, 1, frame_type="LOCALIZER") for z in range(3)]
    with pytest.raises(NotCTError, match="LOCALIZER"):
        index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups))


def test_a_file_that_does_not_describe_all_frames_is_refused(tmp_path, write_enhanced, frames):
    path = write_enhanced(tmp_path / "a.dcm", frames, [per_frame(z, 1) for z in range(3)])
    dataset = pydicom.dcmread(path)
    del dataset.PerFrameFunctionalGroupsSequence[2]
    dataset.save_as(path)
    with pytest.raises(CTReadError, match="describes 2 of its 3 frames; export it again"):
        index_ct(path)


def test_frames_without_functional_groups_keep_file_order(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", np.zeros((64, 64)))
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = 2
    dataset.PixelData = np.stack([body + 1024, body + 1034]).astype(np.int16).tobytes()
    dataset.save_as(path)
    refs = index_ct(path).slices
    assert [(ref.frame, ref.position_mm) for ref in refs] == [(0, None), (1, None)]
    np.testing.assert_array_equal(refs[1].read().hu, body + 10)
    assert any("no image position" in warning for warning in refs[0].read().warnings)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_of_frames_that_no_image_has_is_named(tmp_path, write_enhanced, frames, count):
    path = write_enhanced(tmp_path / "a.dcm", frames, [per_frame(z, 1) for z in range(3)])
    dataset = pydicom.dcmread(path)
    dataset.NumberOfFrames = count
    for groups in (dataset.PerFrameFunctionalGroupsSequence, []):
        dataset.PerFrameFunctionalGroupsSequence = groups
        dataset.save_as(path)
        with pytest.raises(CTReadError, match=f"NumberOfFrames is {count}, which no image has"):
            index_ct(path)


def test_real_world_values_other_than_hu_are_a_map(tmp_path, write_enhanced, frames):
    groups = [per_frame(z, 1) for z in range(3)]
    for group, unit in zip(groups, ["mg/mL", "[hnsf'U]", "mg/mL"], strict=True):
        units = item(CodeValue=unit, CodingSchemeDesignator="UCUM", CodeMeaning=unit)
        group.RealWorldValueMappingSequence = item(MeasurementUnitsCodeSequence=units)
    index = index_ct(write_enhanced(tmp_path / "a.dcm", frames, groups))
    assert [ref.frame for ref in index.slices] == [1]
    assert [problem.reason for problem in index.left_out] == [
        "2 of 3 frames: a map of a material, not HU (Real World Value Mapping in mg/mL)"
    ]
