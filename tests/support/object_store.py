"""As much of S3 as a reader asks for, over a folder: ListObjectsV2, HEAD and GET of a range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve ``folder``, whose folders are the buckets; the URL of the store."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked, path = parse_qs(address.query), folder / unquote(address.path).lstrip("/")
            if "list-type" in asked:
                self.answer(200, listed(path, asked.get("prefix", [""])[0]).encode())
            elif path.is_file():
                self.content(path)
            else:
                self.answer(404)

        def content(self, path: Path) -> None:
            body, modified = path.read_bytes(), formatdate(path.stat().st_mtime, usegmt=True)
            span = self.headers.get("Range")
            if span is None:
                self.answer(200, body, modified)
                return
            first, last = (int(edge) for edge in span.removeprefix("bytes=").split("-"))
            self.answer(206, body[first : last + 1], modified)

        def answer(self, code: int, body: bytes = b"", modified: str | None = None) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            if modified is not None:
                self.send_header("Last-Modified", modified)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def listed(bucket: Path, prefix: str) -> str:
    """The keys right below a prefix, and the prefixes that go on."""
    place = bucket / prefix
    keys, prefixes = [], []
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        key = escape(path.relative_to(bucket).as_posix())
        if path.is_dir():
            prefixes.append(f"<CommonPrefixes><Prefix>{key}/</Prefix></CommonPrefixes>")
        else:
            when = "<LastModified>2026-01-01T00:00:00Z</LastModified>"
            keys.append(
                f"<Contents><Key>{key}</Key>{when}<Size>{path.stat().st_size}</Size></Contents>"
            )
    return (
        "<ListBucketResult><IsTruncated>false</IsTruncated>"
        f"<KeyCount>{len(keys) + len(prefixes)}</KeyCount>{''.join(keys + prefixes)}"
        "</ListBucketResult>"
    )
