"""Whether compression has lost anything stands in the compressed image, not in tags or syntax."""

from __future__ import annotations

import io
from pathlib import Path

import gdcm
import jpeg_ls
import numpy as np
import openjpeg
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from distiliqa.ct import index_ct
from distiliqa.ct.dicom.codestream import read_codestream

LOSSY = "lossy compression has changed the noise"


def openjpeg_9_7(stored: np.ndarray) -> bytes:
    return openjpeg.encode(stored, bits_stored=16, compression_ratios=[5])


def openjpeg_5_3(stored: np.ndarray) -> bytes:
    return openjpeg.encode(stored, bits_stored=16)


def pillow(stored: np.ndarray, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(stored).save(stream, "JPEG2000", **options)
    return stream.getvalue()


def pillow_tiles_9_7(stored: np.ndarray) -> bytes:
    return pillow(stored, irreversible=True, tile_size=(32, 32))


def charls(stored: np.ndarray, near: int) -> bytes:
    return bytes(jpeg_ls.encode_array(stored, lossy_error=near))


def charls_near_2(stored: np.ndarray) -> bytes:
    return charls(stored, 2)


def charls_near_0(stored: np.ndarray) -> bytes:
    return charls(stored, 0)


def write_compressed(path: Path, write_ct, body, syntax: UID, *frames: bytes, **options) -> Path:
    dataset = pydicom.dcmread(write_ct(path, body, PixelRepresentation=0))
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(list(frames), **options)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(
    ("encode", "syntax", "lossy"),
    [
        (openjpeg_9_7, JPEG2000, True),
        (openjpeg_9_7, JPEG2000Lossless, True),
        (pillow_tiles_9_7, JPEG2000Lossless, True),
        (openjpeg_5_3, JPEG2000, False),
        (openjpeg_5_3, HTJ2K, False),
        (charls_near_2, JPEGLSNearLossless, True),
        (charls_near_2, JPEGLSLossless, True),
        (charls_near_0, JPEGLSNearLossless, False),
    ],
)
def test_the_compressed_image_decides_whether_it_is_lossy(
    tmp_path, write_ct, body, read_one, encode, syntax, lossy
):
    encoded = encode((body + 1024).astype(np.uint16))
    path = write_compressed(tmp_path / "a.dcm", write_ct, body, syntax, encoded)
    image = read_one(path)
    assert image.warnings == ((LOSSY,) if lossy else ())
    assert lossy != np.array_equal(image.hu, body)


@pytest.mark.parametrize("declared", [JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1])
def test_the_dct_of_jpeg_is_lossy_whatever_the_syntax(
    tmp_path, write_ct, body, read_one, transcode, declared
):
    tags = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    path = write_ct(tmp_path / "a.dcm", body, **tags)
    transcode(path, gdcm.TransferSyntax.JPEGExtendedProcess2_4)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = declared
    dataset.save_as(path)
    assert read_one(path).warnings == (LOSSY,)


def test_lossless_jpeg_is_not_lossy(tmp_path, write_ct, body, read_one, transcode):
    path = write_ct(tmp_path / "a.dcm", body)
    transcode(path, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    assert read_one(path).warnings == ()


def test_frames_are_lossy_one_by_one_also_in_fragments(tmp_path, write_ct, body):
    stored = (body + 1024).astype(np.uint16)
    frames = [openjpeg_5_3(stored), openjpeg_9_7(stored), openjpeg_5_3(stored)]
    options = {"fragments_per_frame": 3, "has_bot": True}
    path = tmp_path / "a.dcm"
    write_compressed(path, write_ct, body, JPEG2000Lossless, *frames, **options)
    lossy = [LOSSY in ref.read().warnings for ref in index_ct(path).slices]
    assert lossy == [False, True, False]


@pytest.mark.parametrize("written", ["01", "1"])
def test_an_image_that_was_lossy_once_is_reported_once(tmp_path, write_ct, body, read_one, written):
    path = tmp_path / "a.dcm"
    encoded = openjpeg_9_7((body + 1024).astype(np.uint16))
    write_compressed(path, write_ct, body, JPEG2000, encoded)
    dataset = pydicom.dcmread(path)
    dataset.LossyImageCompression = written
    dataset.save_as(path)
    assert read_one(path).warnings == (LOSSY,)


def test_a_tile_may_be_lossy_where_the_image_is_not():
    """Two tiles, the wavelet of the second named in its own header; for a component, in COC."""
    stored = np.random.default_rng(0).integers(0, 4096, (64, 64)).astype(np.uint16)
    encoded = pillow(stored, irreversible=False, tile_size=(64, 32), no_jp2=True)
    assert not read_codestream(encoded).lossy
    start = encoded.rindex(b"\xff\x90")
    cod = encoded[encoded.index(b"\xff\x52") :][:14]
    coc = b"\xff\x53\x00\x09\x00\x00" + cod[9:13] + b"\x00"
    for own in (cod[:13] + b"\x00", coc):
        size = int.from_bytes(encoded[start + 6 : start + 10], "big") + len(own)
        tile = encoded[start : start + 6] + size.to_bytes(4, "big") + encoded[start + 10 :][:2]
        assert read_codestream(encoded[:start] + tile + own + encoded[start + 12 :]).lossy


@pytest.mark.parametrize("syntax", [HTJ2KLossless, JPEG2000Lossless])
def test_the_irreversible_wavelet_is_read_beside_the_marker_of_htj2k(syntax):
    encoded = openjpeg_9_7(np.zeros((64, 64), np.uint16))
    place = encoded.index(b"\xff\x52")
    capabilities = b"\xff\x50\x00\x08\x00\x02\x00\x00\x00\x00"  # CAP of part 15
    marker = capabilities if syntax == HTJ2KLossless else b""
    assert read_codestream(encoded[:place] + marker + encoded[place:]).lossy


@pytest.mark.parametrize(("shift", "lossy"), [(0, False), (2, True)])
@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEGLosslessSV1])
def test_bits_that_are_shifted_out_are_lost(
    tmp_path, write_ct, body, transcode, syntax, shift, lossy
):
    if syntax == JPEGLSLossless:
        encoded = bytearray(charls_near_0((body + 1024).astype(np.uint16)))
    else:
        path = write_ct(tmp_path / "a.dcm", body)
        transcode(path, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
        encoded = bytearray(get_frame(pydicom.dcmread(path).PixelData, 0, number_of_frames=1))
    encoded[encoded.index(b"\xff\xda") + 9] |= shift
    assert read_codestream(bytes(encoded)).lossy == lossy
