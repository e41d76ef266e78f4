from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import Dataset, dcmread

from distiliqa.pacs.results.copied_text import MAX_LENGTH, CopiedText, copied_text


def written(vr: bytes, raw: bytes, sets: bytes) -> Dataset:
    """A data set of a name and its character sets, as read from a file, from these bytes."""
    raw, sets = (value + b" " * (len(value) % 2) for value in (raw, sets))
    stated = b"\x08\x00\x05\x00CS" + len(sets).to_bytes(2, "little") + sets
    name = b"\x10\x00\x10\x00" + vr + len(raw).to_bytes(2, "little") + raw
    return dcmread(BytesIO(stated + name), force=True)


@pytest.mark.parametrize(
    ("raw", "sets", "copied"),
    [
        (b"Doe^Jane", b"", CopiedText("Doe^Jane")),
        (b"", b"", CopiedText("")),
        (
            b"Doe\\Jane",
            b"",
            CopiedText("Doe Jane", "PatientName has a backslash, which became a space"),
        ),
        (b"Doe\x07^J\nane", b"", CopiedText("Doe ^J ane")),
        (
            b"M\xfcller",
            b"ISO_IR 192",
            CopiedText(
                "Müller", "PatientName was read as ISO 8859-1, for its letters look like that"
            ),
        ),
        (
            b"\xbf\xd5\xe2\xe0",
            b"ISO_IR 192",
            CopiedText("", "PatientName is left empty: its character set is not what is stated"),
        ),
        (
            b"A" * (MAX_LENGTH + 1),
            b"",
            CopiedText("", "PatientName is left empty: it has over 1024 characters"),
        ),
        (b"A" * 70 + b"=B=C=D", b"", CopiedText("A" * 70 + "=B=C=D")),
    ],
)
def test_a_text_is_copied_or_left_out_with_a_word(raw: bytes, sets: bytes, copied: CopiedText):
    assert copied_text(written(b"PN", raw, sets), "PatientName") == copied
