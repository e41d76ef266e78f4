from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from distiliqa.ct import index_ct
from distiliqa.ct.dicom import encoding
from distiliqa.ct.dicom.beginning import begins_as_dicom
from distiliqa.ct.dicom.derive import read_stored
from distiliqa.ct.dicom.encoding import Spliced, as_encoded
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

ENCODINGS = {
    "explicit": ExplicitVRLittleEndian,
    "implicit": ImplicitVRLittleEndian,
    "big": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}


def data_set(path: Path, encoding: str) -> bytes:
    """The data set of a file, without preamble and meta header, in another encoding."""
    dataset = pydicom.dcmread(path)
    if encoding == "big":
        dataset.PixelData = dataset.pixel_array.astype(">i2").tobytes()
    stream = io.BytesIO()
    implicit, little = encoding == "implicit", encoding != "big"
    Dataset(dict(dataset.items())).save_as(stream, implicit_vr=implicit, little_endian=little)
    if encoding != "deflated":
        return stream.getvalue()
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(stream.getvalue()) + deflater.flush()


def meta_header(syntax: UID) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    Dataset().save_as(stream, implicit_vr=False, little_endian=True)
    pydicom.filewriter.write_file_meta_info(stream, meta, enforce_standard=False)
    return stream.getvalue()


@pytest.mark.parametrize("declared", ENCODINGS)
@pytest.mark.parametrize("written", ENCODINGS)
def test_the_bytes_decide_how_a_data_set_is_encoded(
    tmp_path, write_ct, body, read_one, declared, written
):
    path = write_ct(tmp_path / "a.dcm", body)
    start = bytes(128) + b"DICM" + meta_header(ENCODINGS[declared])
    path.write_bytes(start + data_set(path, written))
    image = read_one(path)
    np.testing.assert_array_equal(image.hu, body)
    assert image.warnings == ()
    np.testing.assert_array_equal(read_stored(path)[1], body)


@pytest.mark.parametrize("encoding", ["explicit", "implicit", "big"])
@pytest.mark.parametrize("start", ["nothing", "meta header", "group length"])
@pytest.mark.parametrize("longest", [16, 300, 6000])
def test_files_without_preamble_are_dicom(
    tmp_path, write_ct, body, read_one, encoding, start, longest
):
    kinds = ["ORIGINAL", "PRIMARY", "AXIAL", *["CT_SOM5 SPI"] * (longest // 12)]
    path = write_ct(tmp_path / "no_extension", body, ImageType=kinds)
    content = data_set(path, encoding)
    if start == "meta header":
        content = meta_header(ENCODINGS[encoding]) + content
    if start == "group length":
        order = ">" if encoding == "big" else "<"
        value = struct.pack(f"{order}L", content.index(b"ACME"))
        length = struct.pack("<L" if encoding == "implicit" else f"{order}H", 4)
        vr = b"" if encoding == "implicit" else b"UL"
        content = struct.pack(f"{order}HH", 8, 0) + vr + length + value + content
    path.write_bytes(content)
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\x08\x00",
        b"\x08\x00" * 200,
        b"\x08\x00\x05\x00" + bytes(500),
        b"\x02\x00\x00\x00UL\x04\x00" + bytes(500),
        b"II*\x00\x08\x00\x00\x00" + bytes(500),
        b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + b"no element follows" * 30,
    ],
)
def test_other_files_are_not(start):
    assert not begins_as_dicom(io.BytesIO(start))


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, RLELossless])
def test_pixels_that_are_not_compressed_are_read_as_they_are(
    tmp_path, write_ct, body, read_one, syntax
):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(bytes(128) + b"DICM" + meta_header(syntax) + data_set(path, "explicit"))
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize("syntax", ["", JPEG2000Lossless])
@pytest.mark.parametrize("written", ["explicit", "implicit", "big"])
def test_a_meta_header_that_names_no_plain_encoding_does_not_matter(
    tmp_path, write_ct, body, read_one, syntax, written
):
    path = write_ct(tmp_path / "a.dcm", body)
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(value)) + value
    path.write_bytes(bytes(128) + b"DICM" + element + data_set(path, written))
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize(
    "syntax", ["1.2.840.10008.1.2.4.999", "1.2.840.113619.5.2", "1.2.3", "none", "9" * 300]
)
def test_a_transfer_syntax_that_nothing_knows_is_named(tmp_path, write_ct, body, syntax):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(bytes(128) + b"DICM" + meta_header(UID(syntax)) + data_set(path, "explicit"))
    with pytest.raises(CTReadError, match=rf"transfer syntax {syntax[:59]}.* is not supported; ex"):
        index_ct(path)


@pytest.mark.parametrize("declared", ["explicit", "implicit"])
def test_compressed_pixels_under_an_uncompressed_syntax_are_refused(
    tmp_path, write_ct, body, declared
):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(path)
    whole = path.read_bytes()
    syntax = ENCODINGS[declared].encode().ljust(len(JPEG2000Lossless), b"\0")
    path.write_bytes(whole.replace(JPEG2000Lossless.encode(), syntax, 1))
    with pytest.raises(CTReadError, match="its pixels are compressed, and its transfer syntax is"):
        index_ct(path)


def test_a_frame_is_read_without_the_others(tmp_path, write_ct, body, monkeypatch):
    """Of a file whose meta header is wrong; limits by the bytes that are read."""
    path = write_ct(tmp_path / "a.dcm", body, NumberOfFrames=50)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = b"".join((body + 1024 + k).astype("<i2").tobytes() for k in range(50))
    dataset.save_as(path)
    content = bytes(128) + b"DICM" + meta_header(ImplicitVRLittleEndian)
    path.write_bytes(content + data_set(path, "explicit"))
    refs, taken = index_ct(path).slices, []
    read = Spliced.read

    def counted(self, size=-1):
        content = read(self, size)
        taken.append(len(content))
        return content

    monkeypatch.setattr(Spliced, "read", counted)
    np.testing.assert_array_equal(refs[40].read().hu, body + 40)
    assert sum(taken) < 4 * body.size * 2


def test_a_file_with_a_right_meta_header_is_not_changed(tmp_path, write_ct, body):
    source = Source.on_disk(write_ct(tmp_path / "a.dcm", body))
    assert as_encoded(source) is source


WHOLE = b"head" + bytes(range(10, 110))


@pytest.fixture
def stream() -> Spliced:
    return Spliced(b"head", io.BytesIO(b"another head" + WHOLE[4:]), len(b"another head"))


@pytest.mark.parametrize("place", [0, 2, 4, 5, 100, len(WHOLE), len(WHOLE) + 9])
@pytest.mark.parametrize("size", [0, 1, 2, 50, 500])
def test_it_reads_as_one_file(stream, place, size):
    assert stream.seek(place) == place
    assert stream.read(size) == WHOLE[place : place + size]
    assert stream.tell() == place + len(WHOLE[place : place + size])


def test_places_count_from_here_and_from_the_end(stream):
    assert stream.read() == WHOLE
    assert stream.seek(-3, os.SEEK_END) == len(WHOLE) - 3
    assert stream.seek(1, os.SEEK_CUR) == len(WHOLE) - 2
    assert stream.read(None) == WHOLE[-2:]
    assert stream.seek(-500, os.SEEK_CUR) == 0


def test_it_closes_what_it_reads():
    inner = io.BytesIO(b"x")
    with Spliced(b"", inner, 0):
        pass
    assert inner.closed


@pytest.mark.filterwarnings("ignore:The value")
def test_a_deflated_bomb_is_refused(tmp_path, write_ct, body, monkeypatch):
    monkeypatch.setattr(encoding, "MAX_INFLATED_BYTES", 1 << 20)
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.ImageComments = "0" * (1 << 20)
    bare = pydicom.Dataset(dict(dataset.items()))
    bare.file_meta = dataset.file_meta
    bare.save_as(path, enforce_file_format=True)
    assert path.stat().st_size < 1 << 17
    with pytest.raises(CTReadError, match="inflates to more than 1 MiB"):
        index_ct(path)
    monkeypatch.undo()
    assert len(index_ct(path).slices) == 1
