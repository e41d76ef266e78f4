"""Archives of CT images, zip or tar: members get unique names and are never written to disk."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path, PurePath

from distiliqa.ct.containers.packed import (
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    RATIO_COUNTS_FROM_BYTES,
    Member,
)
from distiliqa.ct.containers.tar import list_tar
from distiliqa.ct.containers.zip import list_zip
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.coding import GZIP_MAGIC
from distiliqa.errors import CTReadError, NotCTError

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TARS = (".tar", ".tgz", ".tar.gz")
_MAX_NAME = 255


def archive_kind(name: str, start: bytes = b"") -> str | None:
    """The kind of an archive, ``"zip"`` or ``"tar"``; None for another file.

    Parameters
    ----------
    name : name of the file.
    start : its first 512 bytes. They decide for names without an extension of letters. Many
        documents are zips, with an extension of their own.
    """
    lower, suffix = name.lower(), PurePath(name).suffix
    if lower.endswith(".zip") or (start.startswith(_ZIP) and not suffix.strip(".").isalpha()):
        return "zip"
    return "tar" if lower.endswith(_TARS) or start[257:262] == b"ustar" else None


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, by its name or its bytes."""
    start = _start(path)
    if archive_kind(path.name, start) is not None or start.startswith(_ZIP):
        return True
    # Other bytes may stand before a zip, such as a program that unpacks it. The short mark of a zip
    # occurs by chance in the pixels of one image in some 60,000.
    return start[128:132] != b"DICM" and path.suffix in ("", ".exe") and zipfile.is_zipfile(path)


def open_archive(path: Path) -> tuple[list[Source], CTIndex]:
    """List the members of an archive, and an index of those that cannot be read.

    Hidden members (``.DS_Store``, ``__MACOSX``) are left out. The name of a member never becomes a
    path on disk.

    Raises
    ------
    CTReadError : it is no archive, its directory is damaged, or its sizes exceed the limits of
        `distiliqa.ct.containers.packed`. No member is unpacked before that.
    """
    is_tar = archive_kind(path.name, _start(path)) == "tar"
    members, damage = list_tar(path) if is_tar else list_zip(path)
    _check_sizes(members, path)
    plain = [_plain_name(member.name) for member in members]
    sources, failed, left_out = list[Source](), list[Problem](), list[Problem]()
    for member, name, own in zip(members, plain, _distinct(plain), strict=True):
        whole = f"{path}/{own}"
        if _is_hidden(name):
            failed += _false_name(member, whole)
        elif isinstance(member.refused, NotCTError):
            left_out.append(Problem(whole, member.refused.reason))
        elif member.refused is not None:
            failed.append(Problem(whole, member.refused.reason))
        else:
            packed = partial(Source.packed, whole, member.open, member.size, filename=name)
            sources.append(packed(holder=path, is_bounded=True))
    if damage is not None:
        failed.append(Problem(str(path), f"members may be missing: {damage}; copy it again"))
    return sources, CTIndex(failed=tuple(failed), left_out=tuple(left_out))


def _start(path: Path) -> bytes:
    """The first 512 bytes of a file, or of what gzip has packed in it."""
    with Source.on_disk(path).open() as file:
        start = file.read(512)
        if start.startswith(GZIP_MAGIC):
            file.seek(0)
            with suppress(OSError, EOFError, zlib.error):
                start = gzip.GzipFile(fileobj=file).read(512)
    return start


def _check_sizes(members: Iterable[Member], path: Path) -> None:
    sizes = [member.size for member in members]
    total, ratio = sum(sizes), sum(sizes) / path.stat().st_size
    # Relative to the whole file, which also detects members that overlap in it.
    is_bomb = total > RATIO_COUNTS_FROM_BYTES and ratio > MAX_RATIO
    if is_bomb or max(sizes, default=0) > MAX_MEMBER_BYTES or len(sizes) > MAX_MEMBERS:
        raise CTReadError(
            f"the archive would unpack to {total / 1e9:.3g} GB ({ratio:.0f} times its size) "
            f"in {len(sizes)} files, which looks like a bomb",
            path=path,
            remedy="unpack it yourself if you trust it, and give the folder",
        )


def _plain_name(name: str) -> str:
    """A name without the parts that would lead out of the archive if it were a path."""
    parts = name.replace("\\", "/").replace("\0", "\ufffd").split("/")
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return kept[:_MAX_NAME] or "without a name"


def _distinct(names: Sequence[str]) -> list[str]:
    """Unique names: a repeated one gets ``(2)`` and so on, as tars and zips may repeat names."""
    taken, seen, names_given = set(names), set[str](), list[str]()
    numbers = defaultdict[str, "count[int]"](lambda: count(2))
    for name in names:
        own = name
        while own in seen or (own != name and own in taken):
            own = f"{name} ({next(numbers[name])})"
        seen |= {name, own}
        names_given.append(own)
    return names_given


def _false_name(member: Member, path: str) -> list[Problem]:
    """The problem of a hidden member that cannot be opened: damage may have changed its name."""
    try:
        if member.refused is None:
            member.open().close()
    except Exception as error:  # zipfile raises many kinds
        return [Problem(path, f"cannot be opened ({error}); copy the archive again")]
    return []


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePath(name).parts)
