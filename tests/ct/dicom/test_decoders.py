from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from distiliqa.ct.dicom.decoders import decoder_output

LINE = b"Corrupt JPEG data: bad Huffman code\n"


def test_what_the_decoder_prints_is_kept_and_all_else_shown(capfd):
    with decoder_output() as printed:
        os.write(2, LINE)
        os.write(2, b"a line of another thread\n")
        print("and one of Python", file=sys.stderr)
    assert printed == [LINE.decode().strip()]
    shown = capfd.readouterr().err.splitlines()
    assert sorted(shown) == ["a line of another thread", "and one of Python"]


def test_standard_error_comes_back_after_an_error(capfd):
    def fail() -> None:
        with decoder_output():
            os.write(2, LINE)
            raise ValueError("cannot be decoded")

    with pytest.raises(ValueError, match="cannot be decoded"):
        fail()
    os.write(2, b"seen\n")
    assert capfd.readouterr().err == "seen\n"


def test_threads_get_their_own_lines():
    def decode(number: int) -> list[str]:
        with decoder_output() as printed:
            os.write(2, f"Bogus marker length {number}\n".encode())
        return printed

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(decode, range(40)))
    assert found == [[f"Bogus marker length {number}"] for number in range(40)]


def test_a_process_without_standard_error_decodes(monkeypatch):
    def dup(number: int) -> int:
        raise OSError

    monkeypatch.setattr("distiliqa.ct.dicom.decoders.os.dup", dup)
    with decoder_output() as printed:
        pass
    assert printed == []
