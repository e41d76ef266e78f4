"""What C libraries print while they decode, kept from the screen for the caller to report.

libjpeg, inside GDCM, goes on where a stream is damaged, and reports it on the standard error of the
process alone.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Lock

_STDERR = 2
_capturing = Lock()  # there is one standard error for all threads

# How libjpeg's messages begin (its jerror.h, made by running it on damaged streams).
_OF_LIBJPEG = re.compile(
    rb"(Application transferred|Bogus|Corrupt JPEG|Empty|Huffman table|Improper|Inconsistent|"
    rb"Invalid|Missing|Not a JPEG|Premature end|Quantization table|Sampling factors|Sorry|"
    rb"Unknown|Unsupported|Wrong JPEG)[\x20-\x7e]*\n"
)


@contextmanager
def decoder_output() -> Iterator[list[str]]:
    """Keep what libjpeg prints from the screen; the list holds its lines once the block has ended.

    What other threads print meanwhile appears when it ends. One thread is in such a block at a
    time.
    """
    lines: list[str] = []
    with _capturing, TemporaryFile() as file:
        try:
            screen = os.dup(_STDERR)
        except OSError:  # a service that was started without one
            yield lines
            return
        _flush()
        os.dup2(file.fileno(), _STDERR)
        try:
            yield lines
        finally:
            _flush()
            os.dup2(screen, _STDERR)
            os.close(screen)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if _OF_LIBJPEG.fullmatch(line):
                    lines.append(line.decode().strip())
                else:
                    os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
