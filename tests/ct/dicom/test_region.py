from __future__ import annotations

import pytest

from distiliqa.ct.dicom.region import Said, regions


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
    assert regions(Said(body_part)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(codes=("69536005",)), ("head",)),
        (Said(codes=("T-D3000",)), ("chest",)),
        (Said(description="Kopf nativ"), ("head",)),
        (Said(description="Abdomen 5.0 B20f", protocol="01 Head Routine"), ("abdomen",)),
        (Said("CHEST", protocol="7.4 PET-CT HEAD IN 2D 4MIN", filter="HEAD FILTER"), ("chest",)),
        (Said(protocol="HEAD FIRST"), ()),
        (Said(protocol="5.2 CHEST/ABD/PEL (FEET FIRST)"), ("abdomen", "chest")),
        (Said(description="head of pancreas"), ("abdomen",)),
        (Said(filter="HEAD FILTER"), ("head",)),
        (Said(filter="BODY FILTER"), ()),
        (Said(kernel="H30s", manufacturer="SIEMENS"), ("head",)),
        (Said(kernel="Hr38f\\3"), ("head",)),
        (Said(kernel="J40s\\2"), ("head",)),
        (Said(kernel="B30f", manufacturer="SIEMENS"), ()),
        (Said(kernel="FC26", manufacturer="TOSHIBA"), ("head",)),
        (Said(kernel="FC17", manufacturer="TOSHIBA"), ()),
        (Said("CHEST", description="ACR phantom"), ("phantom",)),
        (Said(protocol="10.2 Daily CT QA"), ("phantom",)),
    ],
)
def test_the_most_trusted_part_of_a_header_decides(said: Said, expected: tuple[str, ...]):
    assert regions(said) == expected
