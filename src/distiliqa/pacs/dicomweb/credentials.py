"""Credentials for a DICOMweb server, from the environment or a private file.

Every user of a machine sees its command lines, so they hold no secrets.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass, field
from pathlib import Path

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.foreign_text import read_text

SECTION = "dicomweb"
KEYS = ("user", "password", "token", "certificate", "key")
USER = "DISTILIQA_DICOMWEB_USER"
PASSWORD = "DISTILIQA_DICOMWEB_PASSWORD"
TOKEN = "DISTILIQA_DICOMWEB_TOKEN"
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Credentials:
    """Credentials; all None for a server that needs none.

    Attributes
    ----------
    user, password : str or None
        Credentials for HTTP Basic.
    token : str or None
        A bearer token, in place of user and password.
    certificate : Path or None
        PEM file with the client's certificate, for TLS.
    key : Path or None
        PEM file with its private key; None where the certificate's file holds it too.
    """

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    certificate: Path | None = None
    key: Path | None = None


def find_credentials(file: Path | None, environment: Mapping[str, str] = os.environ) -> Credentials:
    """Read ``file`` where one is given, else `USER`, `PASSWORD` and `TOKEN` of the environment.

    Raises
    ------
    DistiliqaError
        See `read_credentials`; half of a user and password; a token with a space or line break in
        it. No text repeats a secret.
    """
    if file is not None:
        return read_credentials(file)
    # Many settings, such as those of containers, leave a variable empty.
    user, password, token = (environment.get(name) or None for name in (USER, PASSWORD, TOKEN))
    return _checked(Credentials(user, password, token), where=f"{USER} and {PASSWORD}")


def read_credentials(file: Path) -> Credentials:
    """Read a file with a section ``[dicomweb]`` and lines such as ``user = physics``.

    The keys are those of `Credentials`; paths are relative to the folder of the file.

    Raises
    ------
    DistiliqaError
        The file, or that of the private key, is missing or readable for others; it has another
        form; or as `find_credentials`.
    """
    _require_private(file)
    values = _section(file)
    certificate, key = (
        file.parent / os.path.expanduser(values[name]) if name in values else None
        for name in ("certificate", "key")
    )
    user, password, token = (values.get(name) for name in ("user", "password", "token"))
    credentials = _checked(Credentials(user, password, token, certificate, key), where=str(file))
    if holds_key := credentials.key or credentials.certificate:
        _require_private(holds_key)
    return credentials


def _section(file: Path) -> dict[str, str]:
    form = f"write a section [{SECTION}] with lines such as user = NAME"
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(file, MAX_BYTES))
        values = dict(parser[SECTION])
    except (ConfigParserError, KeyError) as error:
        # The parser's message repeats the line, which may be the password.
        kind = type(error).__name__
        raise DistiliqaError(f"no credentials ({kind})", path=file, remedy=form) from None
    if unknown := sorted(values.keys() - set(KEYS)):
        raise DistiliqaError(
            f"{quoted(unknown[0])} is unknown", path=file, remedy=f"known are: {', '.join(KEYS)}"
        )
    return values


def _require_private(file: Path) -> None:
    """Refuse a file that other users may read or write, as ssh does; Windows has no such bits."""
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        problem = getattr(error, "strerror", error)
        raise DistiliqaError(
            f"cannot be read ({problem})", path=file, remedy="check --credentials"
        ) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DistiliqaError("others may read it", path=file, remedy=f"chmod 600 {file}")


def _checked(credentials: Credentials, where: str) -> Credentials:
    if (credentials.user is None) != (credentials.password is None):
        raise DistiliqaError("user and password belong together", path=where, remedy="give both")
    if credentials.user is not None and credentials.token is not None:
        raise DistiliqaError("a password and a token", path=where, remedy="give one of them")
    token = credentials.token
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise DistiliqaError(
            "the token has characters that are not allowed", path=where, remedy="copy it again"
        )
    return credentials
