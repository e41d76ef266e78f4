from __future__ import annotations

import pydicom
import pytest

FBP, ITERATIVE, LEARNED = "filtered back-projection", "iterative", "deep learning"
GE, SIEMENS, PHILIPS = "GE MEDICAL SYSTEMS", "SIEMENS", "Philips"


@pytest.mark.filterwarnings("ignore::UserWarning")  # some write more than 16 characters
@pytest.mark.parametrize(
    ("manufacturer", "scanner", "kernel", "description", "expected"),
    [
        (SIEMENS, "Sensation 64", "B30f", None, (FBP, None, None)),
        (SIEMENS, "Definition Flash", ["I30f", "3"], None, (ITERATIVE, "SAFIRE", "3")),
        (SIEMENS, "Definition AS", "I26f", None, (ITERATIVE, None, None)),
        (SIEMENS, "SOMATOM Force", ["Br38f", "3"], None, (ITERATIVE, "ADMIRE", "3")),
        ("Siemens Healthineers", "NAEOTOM Alpha", ["Br40f", "2"], None, (ITERATIVE, "QIR", "2")),
        (SIEMENS, "SOMATOM go.Top", ["Br40f", "2"], None, (ITERATIVE, None, "2")),
        (SIEMENS, "SOMATOM Force", ["Br38f", "0"], None, (FBP, None, None)),
        (SIEMENS, "SOMATOM Force", "Br38f", None, (None, None, None)),
        (None, None, "B31f", None, (FBP, None, None)),
        (PHILIPS, "Ingenuity CT", "C", "CHEST W/O, iDose (3)", (ITERATIVE, "iDose", "3")),
        (PHILIPS, "iCT 256", "B", "Abd 3mm iDose4", (ITERATIVE, "iDose", None)),
        (PHILIPS, "iCT 256", "B", "Abd IMR2", (ITERATIVE, "IMR", "2")),
        (PHILIPS, "CT 5300", "B", "Precise Image: Smooth", (LEARNED, "Precise Image", "SMOOTH")),
        (PHILIPS, "iCT 256", "B", "CHEST W/O", (None, None, None)),
        ("TOSHIBA", "Aquilion ONE", ["FC08", "AIDR 3D STD"], None, (ITERATIVE, "AIDR", "STD")),
        ("CANON", "Aquilion ONE", "AiCE Body Sharp Mild", None, (LEARNED, "AiCE", "MILD")),
        ("CANON", "Aquilion ONE", "FIRST BODY STRONG", None, (ITERATIVE, "FIRST", "STRONG")),
        ("TOSHIBA", "Aquilion", "FC12", "FIRST PASS", (None, None, None)),
        (GE, "Revolution", "STANDARD", "ASSESS SS30", (None, None, None)),
        (GE, "LightSpeed", "STANDARD", "ClariCT.AI", (LEARNED, "ClariCT", None)),
    ],
)
def test_habits_of_manufacturers(
    tmp_path, write_ct, body, read_one, manufacturer, scanner, kernel, description, expected
):
    tags = {
        "Manufacturer": manufacturer,
        "ManufacturerModelName": scanner,
        "ConvolutionKernel": kernel,
        "SeriesDescription": description,
    }
    assert found(read_one(write_ct(tmp_path / "a.dcm", body, **tags))) == expected


@pytest.mark.parametrize(
    ("private", "expected"),
    [
        ("SS30:Slice", (ITERATIVE, "ASIR", "30 %")),
        ("AR30", (ITERATIVE, "ASIR-V", "30 %")),
        ("SS0", (FBP, "ASIR", "0 %")),
        ("AR100", (ITERATIVE, "ASIR-V", "100 %")),
        ("DLIR-H", (LEARNED, "TrueFidelity", "H")),
        ("NONE", (None, None, None)),
    ],
)
@pytest.mark.parametrize("creator", ["GEHC_CT_ADVAPP_001", None])
def test_private_tags_of_ge(tmp_path, write_ct, body, read_one, private, expected, creator):
    path = write_ct(tmp_path / "a.dcm", body, Manufacturer=GE, ConvolutionKernel="STANDARD")
    dataset = pydicom.dcmread(path)
    if creator is not None:
        dataset.add_new(0x00530010, "LO", creator)
    dataset.add_new(0x00531042, "LO" if creator else "UN", private if creator else private.encode())
    dataset.save_as(path)
    assert found(read_one(path)) == expected


def found(image):
    facts = image.acquisition
    return (
        facts.reconstruction_method,
        facts.reconstruction_algorithm,
        facts.reconstruction_strength,
    )
