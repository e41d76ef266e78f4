"""The routes together: list, slices, exports, trends, jobs."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

pytest.importorskip("starlette")
from tests.support.page_server import PageServer, page_server, write_results
from tests.support.slices import write_ct, write_series

from distiliqa.report.names import short_hash
from distiliqa.scoring.model import Model
from distiliqa.serve import stored_results
from distiliqa.serve.job import new_job
from distiliqa.serve.served_paths import ServedPaths

STATIC = Path(stored_results.__file__).with_name("static")
NAMES = ("DOE^JOHN", "DOE", "19990101", "1999-01-01", "Thorax")


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scan") / "DOE^JOHN"
    tags = {"PatientName": "DOE^JOHN", "StudyDate": "19990101", "ProtocolName": "Thorax"}
    for n, kernel in enumerate(("B30f", "B60f"), start=1):
        uid = {"SeriesInstanceUID": f"1.2.{n}", "ConvolutionKernel": kernel, "KVP": 100 + n}
        write_series(place / f"s{n}", 2 + n, **tags, **uid)
    return place


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, scan: Path, model: Model, tiny_model: Path
) -> Iterator[PageServer]:
    place = tmp_path_factory.mktemp("serve")
    results = write_results(scan, place / "results", model, identify=True)
    given = ServedPaths(inputs=(scan,), results=(results,))
    with page_server(place / "own", given, model=str(tiny_model), measures="none") as running:
        yield running


def test_the_list_is_worst_first_and_names_nobody(server: PageServer):
    rows = server.json("/api/series")
    assert [row["slices"] for row in rows] in ([3, 4], [4, 3])
    assert [row["score"] for row in rows] == sorted(row["score"] for row in rows)
    assert {row["kernel"] for row in rows} == {"B30f", "B60f"}


def test_no_answer_has_a_name_or_a_path(server: PageServer, scan: Path):
    key = server.series()[0]
    paths = [
        *("/api/about", "/api/jobs", "/api/series", f"/api/series/{key}"),
        *("/api/trends/plot?x=kvp&y=score&by=kernel", "/api/series/x.y"),
        f"/api/series/{key}/slices/99/pixels",
    ]
    answers = {path: server.get(path) for path in paths}
    answers["pixels"] = server.get(f"/api/series/{key}/slices/1/pixels")
    found = {path: f"{answer.text} {answer.headers}" for path, answer in answers.items()}
    found["series.csv"] = table_of(server, key)
    for path, text in found.items():
        assert not any(word in text for word in (*NAMES, str(scan), "1.2.1")), path


def table_of(server: PageServer, *keys: str) -> str:
    """``series.csv`` of these series."""
    wanted = {"series": list(keys)}
    answer = requests.post(server.url + "/api/exports/series.csv", json=wanted, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_pixels_are_those_of_the_file(server: PageServer, scan: Path):
    (key,) = (row["key"] for row in server.json("/api/series") if row["kernel"] == "B30f")
    answer = server.get(f"/api/series/{key}/slices/1/pixels")
    found = np.frombuffer(answer.content, "<i2").reshape(64, 64)  # requests undo the gzip
    from distiliqa.ct import read_ct

    first = next(iter(read_ct(scan / "s1")))
    assert (found == first.hu).all()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < 64 * 64 * 2
    x, y, z = map(float, answer.headers["X-Center"].split(","))
    assert (x, y) == pytest.approx((-100 + 31.5 * 0.7,) * 2)  # see `write_ct`
    assert z == first.position_mm
    assert answer.headers["X-Study"] == short_hash(first.info.study_uid)
    assert tuple(map(float, answer.headers["X-Spacing"].split(","))) == first.spacing_mm


def test_a_thumbnail(server: PageServer):
    answer = server.get(f"/api/series/{server.series()[0]}/thumbnail")
    assert answer.content.startswith(b"\x89PNG")


def test_a_model_without_a_heatmap_is_named_as_the_reason(server: PageServer):
    answer = server.get(f"/api/series/{server.series()[0]}/slices/1/heatmap")
    assert answer.status_code == 400
    assert "no local quality map; leave the heatmap off" in answer.json()["error"]


def test_a_heatmap_has_a_value_for_each_patch(examples: PageServer):
    found = examples.json(f"/api/series/{examples.series()[0]}/slices/1/heatmap")
    assert (found["rows"], found["columns"], len(found["values"])) == (16, 16, 256)
    patient = [value for value in found["values"] if value is not None]
    assert 0 < len(patient) < 256
    assert all(0 <= value <= 4 for value in patient)


def test_a_file_that_has_gone_is_said_in_words(tmp_path: Path, model: Model, tiny_model: Path):
    scan = write_series(tmp_path / "scan", 2)
    results = write_results(scan, tmp_path / "out", model)
    with page_server(
        tmp_path / "own", ServedPaths(results=(results,)), model=str(tiny_model)
    ) as server:
        (key,) = server.series()
        (scan / "1.dcm").unlink()
        answer = server.get(f"/api/series/{key}/slices/1/pixels")
        assert answer.status_code == 400
        assert answer.json()["error"].startswith("is not there any more")
        assert server.get(f"/api/series/{key}/slices/2/pixels").status_code == 200


def test_the_table_of_selected_series(server: PageServer, scan: Path):
    keys = server.series()
    (row,) = csv.DictReader(io.StringIO(table_of(server, keys[1])))
    assert float(row["score_mean"]) == server.json("/api/series")[1]["score"]
    assert "study_date" not in row
    assert list(row)[-1] == "model"
    assert row["model"] == server.json(f"/api/series/{keys[1]}")["model"] != ""


def test_the_table_of_several_series_is_read_once(
    server: PageServer, monkeypatch: pytest.MonkeyPatch
):
    keys = server.series()
    reads: list[Path] = []
    monkeypatch.setattr(stored_results, "_series_rows", lambda path: reads.append(path) or [])
    # Of some thousand keys an address would be longer than servers take.
    text = table_of(server, *keys, *keys * 1000)
    assert len(list(csv.DictReader(io.StringIO(text)))) == 2002
    assert reads == []  # the list of series had read it


def test_a_plot_of_two_measures(server: PageServer):
    found = server.json("/api/trends/plot?x=kvp&y=score&by=kernel")
    assert (found["series"], found["left_out"]) == (2, 0)
    assert set(re.findall(r'href="#/view/([^"]+)"', found["svg"])) == set(server.series())
    assert "style=" not in found["svg"]
    answer = server.get("/api/trends/plot?x=kvp&y=ssde_mgy&by=kernel")
    assert answer.json() == {"error": "no series has both measures; choose others"}
    assert server.json("/api/trends/plot?x=slices&y=spread&by=scanner")["series"] == 2
    for query in ("x=kvp&y=path&by=kernel", "x=kvp&y=score&by=name", ""):
        assert server.get(f"/api/trends/plot?{query}").status_code == 400


def test_bodies_of_requests_are_bounded(server: PageServer):
    def send(content: bytes) -> tuple[int, str]:
        answer = requests.post(server.url + "/api/jobs", data=content, timeout=60)
        return answer.status_code, answer.json()["error"]

    assert send(b"[]") == (400, "a request that is no JSON object")
    assert send(b"{}") == (400, "a job needs a path or an upload")
    assert send(b" " * (5 << 20))[1] == "a request of more than 4 MiB"
    assert send(b'{"path": "/etc"}')[1].startswith("not in a folder that distiliqa serve")
    assert send(b'{"upload": "../.."}')[1].startswith("no such upload")
    assert send(b"{")[0] == 400


def test_from_drop_to_files(tmp_path: Path, tiny_model: Path):
    path = write_ct(tmp_path / "a.dcm", np.full((64, 64), 40.0))
    settings = {"model": str(tiny_model), "measures": "none"}
    with page_server(tmp_path / "own", starts_jobs=True, **settings) as server:
        number = requests.post(server.url + "/api/uploads", timeout=60).json()["upload"]
        target = f"{server.url}/api/uploads/{number}"
        for name in ("s/a.dcm", "s/b.txt"):
            content = path.read_bytes() if name == "s/a.dcm" else b"no image"
            answer = requests.put(target, params={"path": name}, data=content, timeout=60)
            assert answer.status_code == 204, answer.text
        job = requests.post(server.url + "/api/jobs", json={"upload": number}, timeout=60).json()
        assert job["label"] == "2 files that were dropped"
        wait_until_ended(server)
        (row,) = server.json("/api/series")
        assert row["key"].startswith(job["id"])
        report = server.get(f"/api/jobs/{job['id']}/files/report.html")
        assert "sandbox allow-scripts" in report.headers["Content-Security-Policy"]
        assert server.get(f"/api/jobs/{job['id']}/files/..%2f..%2fjobs").status_code == 400
        packed = server.get(f"/api/jobs/{job['id']}/files.zip").content
        names = zipfile.ZipFile(io.BytesIO(packed)).namelist()
        assert f"distiliqa-{job['id']}/scores.csv" in names
        exported = requests.post(
            server.url + "/api/exports", json={"series": [row["key"]]}, timeout=60
        ).json()
        wait_until_ended(server)
        folder = server.workspace.queue.results / exported["id"]
        again = json.loads((folder / "scores.json").read_text())["series"][0]
        assert again["score"] == row["score"]
        assert len(server.json("/api/series")) == 1  # an export is a copy
        for known in server.json("/api/jobs"):
            requests.delete(f"{server.url}/api/jobs/{known['id']}", timeout=60)
        assert server.json("/api/series") == []
        assert list(server.workspace.uploads.folder.iterdir()) == []


def test_an_upload_that_a_job_needs_is_not_deleted(tmp_path: Path):
    with page_server(tmp_path / "own") as server:
        uploads = server.workspace.uploads
        used, left = (requests.post(server.url + "/api/uploads", timeout=60).json()["upload"] for _ in range(2))  # fmt: skip  # noqa: E501
        for number in (used, left):
            target = f"{server.url}/api/uploads/{number}"
            assert requests.put(target, params={"path": "a"}, data=b"1", timeout=60).ok
        assert requests.post(server.url + "/api/jobs", json={"upload": used}, timeout=60).ok
        for number in (used, left, "../jobs"):
            requests.delete(f"{server.url}/api/uploads/{number}", timeout=60)
        assert [path.name for path in uploads.folder.iterdir()] == [used]
        answer = requests.put(target, params={"path": "b"}, data=b"1", timeout=60)
        assert answer.json()["error"] == "no such upload; drop the files again"


def wait_until_ended(server: PageServer) -> None:
    from time import sleep

    for _ in range(2400):
        jobs = server.json("/api/jobs")
        if all(job["state"] in ("done", "failed", "cancelled") for job in jobs):
            assert [job["state"] for job in jobs] == ["done"] * len(jobs), jobs
            return
        sleep(0.1)
    raise AssertionError(jobs)


def test_all_modules_of_the_page_are_loaded_at_once():
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    named = set(re.findall(r'(?:modulepreload" href|module" src)="/static/(\w+\.js)"', page))
    found, left = set(), {"main.js"}
    while left:
        module = left.pop()
        found.add(module)
        text = (STATIC / module).read_text(encoding="utf-8") if module != "cornerstone.js" else ""
        left |= set(re.findall(r"""['"](?:\./|/static/)(\w+\.js)['"]""", text)) - found
    assert named == found


ODD_NAMES = (
    "%00",
    "a%00b",
    "a" * 5000,
    "%ED%A0%80",
    "%FF",
    "%2e%2e",
    "con",
    "a%0Ab",
    "%F0%9F%A9%BB",
)


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_no_odd_name_is_an_error_of_the_server(server: PageServer, scan: Path, name: str):
    job = server.workspace.queue.add(new_job("odd", (str(scan),)))
    (server.workspace.queue.results / job.id).mkdir(parents=True, exist_ok=True)
    upload = requests.post(f"{server.url}/api/uploads", timeout=60).json()["upload"]
    asked = [
        ("GET", f"/{name}"),
        ("GET", f"/static/{name}"),
        ("GET", f"/api/series/{name}"),
        ("GET", f"/api/series/{name}/thumbnail"),
        ("GET", f"/api/series/{name}/slices/1/pixels"),
        ("GET", f"/api/series/x/slices/{'9' * 5000}/pixels"),
        ("GET", f"/api/jobs/{name}/files/report.html"),
        ("GET", f"/api/jobs/{name}/files.zip"),
        ("GET", f"/api/jobs/{job.id}/files/{name}"),
        ("GET", f"/api/jobs/{job.id}/files/a/{name}"),
        ("POST", f"/api/jobs/{name}/cancel"),
        ("DELETE", f"/api/jobs/{name}"),
        ("PUT", f"/api/uploads/{name}?path=a"),
        ("PUT", f"/api/uploads/{upload}?path={name}"),
        ("DELETE", f"/api/uploads/{name}"),
        ("GET", f"/api/trends/plot?x={name}&y={name}&by={name}"),
    ]
    for method, path in asked:
        answer = requests.request(method, server.url + path, timeout=60, data=b"")
        assert answer.status_code < 500, (method, path[:60], answer.text)
    server.workspace.queue.cancel(job.id)
    server.workspace.queue.remove(job.id)


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "\ud800", "a/" * 3000, ""], ids=range(5))
def test_no_odd_text_in_a_body_is_an_error_of_the_server(server: PageServer, name: str):
    for path, content in (
        ("/api/jobs", {"path": name}),
        ("/api/jobs", {"upload": name}),
        ("/api/jobs", {"upload": [name]}),
        ("/api/exports", {"series": [name]}),
        ("/api/exports/series.csv", {"series": [name]}),
    ):
        answer = requests.post(server.url + path, json=content, timeout=60)
        assert answer.status_code in ((200, 201, 400) if name == "" else (400,)), (
            path,
            answer.text,
        )
        if answer.status_code == 400:
            assert answer.json()["error"]
