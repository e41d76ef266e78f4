from __future__ import annotations

import pytest

from distiliqa.ct.dicom.region import HeaderTexts, regions


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
    ],
)
def test_the_most_trusted_part_of_a_header_decides(texts: HeaderTexts, expected: tuple[str, ...]):
    assert regions(texts) == expected
