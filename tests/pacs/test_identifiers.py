from __future__ import annotations

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.identifiers import checked_uid


@pytest.mark.parametrize("uid", ["1", "1.2.840.10008.1.1", "1." + 30 * "2." + "3", "1.02"])
def test_a_uid_is_taken_as_it_is(uid: str):
    assert checked_uid(uid, "series") == uid


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "1..2",
        ".1",
        "1.",
        "../1",
        "1/2",
        "1\\2",
        "1.2\n",
        "1 ",
        "a",
        "\u0661",
        "1" * 65,
        None,
        ["1"],
    ],
)
def test_what_is_none_never_becomes_a_path_and_is_not_repeated(value: object):
    with pytest.raises(DistiliqaError) as caught:
        checked_uid(value, "series", path="http://pacs")
    assert str(caught.value) == (
        "http://pacs: the UID of the series is not a valid UID; "
        "a UID has digits and single dots, 64 characters at most"
    )
