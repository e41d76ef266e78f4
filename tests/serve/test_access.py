"""Who may use the page: headers as browsers send them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

pytest.importorskip("starlette")
from tests.support.page_server import PageServer, page_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageServer]:
    with page_server(tmp_path_factory.mktemp("serve")) as running:
        yield running


def status(server: PageServer, path: str = "/api/jobs", **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.get(path, headers=names).status_code


def test_this_machine_is_let_in(server: PageServer):
    assert status(server) == 200
    assert status(server, Origin=server.url, Sec_Fetch_Site="same-origin") == 200
    assert status(server, "/", Host="localhost:1") == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8414", "127.0.0.1.evil.example", ""]
)
def test_another_name_is_refused(server: PageServer, host: str):
    assert status(server, Host=host) == 421


def test_pages_of_other_sites_are_refused(server: PageServer):
    assert status(server, Origin="https://evil.example") == 403
    assert status(server, Origin="null") == 403
    assert status(server, Sec_Fetch_Site="cross-site") == 403
    assert status(server, Sec_Fetch_Site="same-site") == 403
    # Another program of this machine, at another port.
    assert status(server, Origin="http://127.0.0.1:1") == 403


def test_a_link_of_another_site_opens_the_page_alone(server: PageServer):
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert status(server, "/", **link) == 200
    assert status(server, "/api/jobs", **link) == 403


def test_answers_allow_nothing_from_outside(server: PageServer):
    for path in ("/", "/api/jobs", "/static/app.css", "/nothing"):
        found = server.get(path).headers
        policy = found["Content-Security-Policy"]
        assert policy.startswith("default-src 'self';")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert found["X-Content-Type-Options"] == "nosniff"
        assert found["Cache-Control"] == "no-store"


def test_static_files_stay_in_their_folder(server: PageServer):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
        assert b"make_app" not in server.get(path).content


def test_the_token_is_asked_for_and_kept_in_a_cookie(tmp_path: Path):
    with page_server(tmp_path, token="secret") as server:
        assert server.get("/").status_code == 401
        assert server.get("/?token=wrong").status_code == 401
        assert server.get("/api/jobs?token=secret").status_code == 401
        answer = server.get("/?token=secret", allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        cookie = answer.headers["Set-Cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert server.get("/api/jobs", cookies=answer.cookies).status_code == 200


def test_two_servers_of_a_machine_keep_their_tokens_apart(tmp_path: Path):
    with (
        page_server(tmp_path / "a", token="one") as first,
        page_server(tmp_path / "b", token="two") as second,
        requests.Session() as browser,  # as a browser, it has one store of cookies for all ports
    ):
        for server, token in ((first, "one"), (second, "two")):
            assert browser.get(f"{server.url}/?token={token}", timeout=60).status_code == 200
        for server in (first, second):
            assert browser.get(f"{server.url}/api/jobs", timeout=60).status_code == 200


def test_numbers_and_the_own_name_are_taken(tmp_path: Path):
    with page_server(tmp_path, hosts=frozenset({"pc-7"})) as server:
        assert status(server, Host="192.0.2.7:8414") == 200
        assert status(server, Host="PC-7:8414") == 200
        assert status(server, Host="[2001:db8::7]:8414") == 200
        assert status(server, Host="evil.example") == 421
