from __future__ import annotations

import pytest

from distiliqa.ct.dicom.image_type import image_type_notes, unfit_derivation, unfit_type


@pytest.mark.parametrize(
    "image_type",
    [
        "",
        "ORIGINAL\\PRIMARY\\AXIAL",
        "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI",
        "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM7 SPI DUAL\\STD\\SNRG\\DET_AB",
        "ORIGINAL\\PRIMARY\\AXIAL\\CSAMANIPULATED",
        "ORIGINAL\\PRIMARY\\PERFUSION\\NONE",
        "ORIGINAL\\PRIMARY\\CARDIAC_CASCORE\\NONE",
        "DERIVED\\SECONDARY",
        "DERIVED\\PRIMARY\\AXIAL",
        "DERIVED\\SECONDARY\\AXIAL\\JP2K LOSSY 6:1",
        "DERIVED\\SECONDARY\\AXIAL\\HELICAL",
        "DERIVED\\PRIMARY\\VOLUME\\FILTERED",
        "DERIVED\\PRIMARY\\VOLUME\\ENERGY_PROP_WT",
    ],
)
def test_acquired_slices_and_their_copies_are_kept_without_a_word(image_type: str):
    assert unfit_type(image_type) is None
    assert image_type_notes(image_type) == ()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("LOCALIZER", "not an axial slice"),
        ("CT_SOM5 PROT", "not an axial slice"),
        ("PATIENT PROTOCOL", "not an axial slice"),
        ("MIP", "a projection"),
        ("MAX_IP", "a projection"),
        ("MINIP", "a projection"),
        ("MIN_IP", "a projection"),
        ("CSA MIP", "a projection"),
        ("THIN_MIP_10", "a projection"),
        ("MAXIMUM", "a projection"),
        ("AVERAGE", "a projection"),
        ("AVEIP", "a projection"),
        ("MEDIAN", "a projection"),
        ("PROJECTION IMAGE", "a projection"),
        ("MPR", "a reformat"),
        ("CSA MPR THICK", "a reformat"),
        ("CSAPARALLEL", "a reformat"),
        ("REFORMATTED", "a reformat"),
        ("CURVED_MPR", "a reformat"),
        ("RESAMPLED", "a reformat"),
        ("CORONAL", "a reformat"),
        ("MAT_SPECIFIC", "a map of a material"),
        ("IODINE_OVERLAY", "a map of a material"),
        ("EFF_ATOMIC_NUM", "a map of a material"),
        ("EFFECTIVE Z", "a map of a material"),
        ("GSI MD", "a map of a material"),
        ("ELECTRON_DENSITY", "a map of a material"),
        ("LUNG_PBV", "a map of a material"),
        ("CBF", "a map of perfusion"),
        ("PERFUSION", "a map of perfusion"),
        ("SUBTRACTION", "computed from several images"),
        ("QUANTITY", "computed from several images"),
        ("VRT", "a rendering"),
    ],
)
def test_what_was_computed_from_slices_is_none(value: str, what: str):
    found = unfit_type(f"DERIVED\\SECONDARY\\AXIAL\\{value}")
    assert found is not None
    assert found.startswith(what)
    assert found.endswith(f"(Image Type {value})")
    assert unfit_type(f"DERIVED\\SECONDARY\\{value.lower()}") is not None


@pytest.mark.parametrize(
    ("value", "note"),
    [
        ("VMI", "a virtual monoenergetic image"),
        ("MONO_E_70", "a virtual monoenergetic image"),
        ("70KEV", "a virtual monoenergetic image"),
        ("MAT_REMOVED", "a virtual image with a material removed"),
        ("PP_VNC", "a virtual image with a material removed"),
    ],
)
def test_virtual_images_in_hu_are_kept_with_a_note(value: str, note: str):
    image_type = f"DERIVED\\PRIMARY\\AXIAL\\{value}"
    assert unfit_type(image_type) is None
    (found,) = image_type_notes(image_type)
    assert found.startswith(note)


def test_a_long_value_is_quoted_in_part():
    found = unfit_type("DERIVED\\PRIMARY\\MIP " + "X" * 10_000)
    assert found is not None
    assert len(found) < 150


def test_derivations_are_known_by_their_codes():
    assert unfit_derivation(["113040", "113097", ""]) is None
    assert unfit_derivation(iter(["113040", "113078"])) == (
        "a projection or mean of several slices (Derivation Code 113078)"
    )
    assert unfit_derivation(iter(["113076"])) == "a rendering, not a slice (Derivation Code 113076)"
