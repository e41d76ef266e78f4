from __future__ import annotations

import pytest

from distiliqa.ct.dicom.region import HeaderTexts, names_phantom, regions


@pytest.mark.parametrize(
    ("body_part", "expected"),
    [
        ("HEAD", ("head",)),
        ("Brain", ("head",)),
        ("SKULL", ("head",)),
        ("HEADNECK", ("head", "neck")),
        ("NECK", ("neck",)),
        ("Orbital structure", ("head",)),
        ("CSPINE", ("neck",)),
        ("EXTREMITY", ("limb",)),
        ("LOWER_EXTREMITY", ("limb",)),
        ("KNEE", ("limb",)),
        ("PHANTOM", ("phantom",)),
        ("CHEST", ("chest",)),
        ("TH CT CHEST WO C", ("chest",)),
        ("NECKCHEST", ("chest",)),
        ("PANCREAS", ("abdomen",)),
        ("WHOLEBODY", ("abdomen",)),
        ("PELVIS", ("abdomen",)),
        ("X", ()),
        (None, ()),
    ],
)
def test_body_parts(body_part: str | None, expected: tuple[str, ...]):
    assert regions(HeaderTexts(body_part)) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (HeaderTexts(codes=("69536005",)), ("head",)),
        (HeaderTexts(codes=("T-D3000",)), ("chest",)),
        (HeaderTexts(description="Kopf nativ"), ("head",)),
        (HeaderTexts(description="Abdomen 5.0 B20f", protocol="01 Head Routine"), ("abdomen",)),
        (
            HeaderTexts("CHEST", protocol="7.4 PET-CT HEAD IN 2D 4MIN", filter="HEAD FILTER"),
            ("chest",),
        ),
        (HeaderTexts(protocol="HEAD FIRST"), ()),
        (HeaderTexts(protocol="5.2 CHEST/ABD/PEL (FEET FIRST)"), ("abdomen", "chest")),
        (HeaderTexts(description="head of pancreas"), ("abdomen",)),
        (HeaderTexts(description="PANCREAS HEAD"), ("abdomen",)),
        (HeaderTexts(description="Pancreatic-head mass"), ("abdomen",)),
        (HeaderTexts(description="HIP FEMORAL HEAD"), ()),
        (HeaderTexts(description="Cabeza de pancreas"), ("abdomen",)),
        (HeaderTexts(description="Abdomen, femoral neck"), ("abdomen",)),
        (HeaderTexts(study="CHEST, arms over head"), ("chest",)),
        (HeaderTexts(description="HEADFIRST"), ()),
        (HeaderTexts(description="heads up"), ()),
        (HeaderTexts(description="Thorax craniocaudal"), ("chest",)),
        (HeaderTexts(description="LIVER NEUROENDOCRINE"), ("abdomen",)),
        (HeaderTexts(description="right iliac fossa"), ()),
        (HeaderTexts(description="coronary sinus"), ("chest",)),
        (HeaderTexts(description="posterior fossa"), ("head",)),
        (HeaderTexts(description="SINUSES"), ("head",)),
        (HeaderTexts(description="Polytrauma Head Chest Abdomen"), ("abdomen", "chest", "head")),
        (HeaderTexts(filter="HEAD FILTER"), ("head",)),
        (HeaderTexts(filter="BODY FILTER"), ()),
        (HeaderTexts(kernel="H30s", manufacturer="SIEMENS"), ("head",)),
        (HeaderTexts(kernel="Hr38f\\3"), ("head",)),
        (HeaderTexts(kernel="J40s\\2"), ("head",)),
        (HeaderTexts(kernel="B30f", manufacturer="SIEMENS"), ()),
        (HeaderTexts(kernel="FC26", manufacturer="TOSHIBA"), ("head",)),
        (HeaderTexts(kernel="FC17", manufacturer="TOSHIBA"), ()),
        (HeaderTexts("CHEST", description="ACR phantom"), ("phantom",)),
        (HeaderTexts(protocol="10.2 Daily CT QA"), ("phantom",)),
        (HeaderTexts(protocol="10.2 Sjukhusfysik", study="Fantom"), ("phantom",)),
        (HeaderTexts(description="Gammex 464"), ("phantom",)),
        (HeaderTexts(description="5mm Axial", study="NEURO CT HEAD BRAIN WO"), ("head",)),
        (HeaderTexts(study="RT ANKLE", filter="HEAD FILTER"), ("limb",)),
        (HeaderTexts(description="CHEST 5.0", study="CT HEAD AND CHEST"), ("chest",)),
        (HeaderTexts(study="PET-CT SKULL BASE TO MID-THIGH"), ("abdomen", "head", "limb")),
        (HeaderTexts("CHEST", species="Canis lupus familiaris"), ("animal",)),
        (HeaderTexts("CHEST", species="Homo sapiens"), ("chest",)),
        (HeaderTexts("CHEST", patient_is_phantom=True), ("phantom",)),
    ],
)
def test_the_most_trusted_part_of_a_header_decides(texts: HeaderTexts, expected: tuple[str, ...]):
    assert regions(texts) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("QC^PHANTOM", True), ("Catphan 504", True), ("CIRS^Anna", False), ("", False), (None, False)],
)
def test_phantoms_are_known_by_what_they_are_called(name: str | None, expected: bool):
    assert names_phantom(name) is expected
