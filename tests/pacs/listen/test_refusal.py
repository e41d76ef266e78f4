from __future__ import annotations

import pytest

from distiliqa.pacs.listen.refusal import RefusedError, refusal
from distiliqa.pacs.retry import PassingError


@pytest.mark.parametrize("status", [0xA900, 0xA9FF, 0xC000, 0xC122, 0x0106, 0x0117, 0x0122])
def test_what_is_of_the_object_is_final(status: int):
    error = refusal("does not store it", status, path="PACS", remedy="see its log")
    assert isinstance(error, RefusedError)
    assert str(error) == "PACS: does not store it; see its log"


@pytest.mark.parametrize("status", [0xA700, 0xA7FF])
def test_want_of_resources_passes(status: int):
    assert isinstance(refusal("does not", status, path="PACS", remedy="wait"), PassingError)


@pytest.mark.parametrize("status", [None, 0x0110, 0x0124])
def test_what_is_of_the_server_is_not(status: int | None):
    assert not isinstance(refusal("does not", status, path="PACS", remedy="wait"), RefusedError)
