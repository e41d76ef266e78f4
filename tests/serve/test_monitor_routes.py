"""Control charts and arrivals on the page."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("starlette")
from tests.support.made import made_score, mapped
from tests.support.page_server import page_server, write_results
from tests.support.slices import write_series

from distiliqa.ct import Acquisition, Identification
from distiliqa.files import FileStamp
from distiliqa.models.folder import ONNX, write_config
from distiliqa.monitor.store import Outcome, Store
from distiliqa.scoring.model import Model
from distiliqa.serve.monitor_routes import ScoredBy, _higher_is_better
from distiliqa.serve.served_paths import ServedPaths, classify
from distiliqa.statistics.control_chart import BASELINE

FACTS = Acquisition(kvp=120, kernel="<b>B30f", scanner="Force")


def write_monitor(path: Path, model: Model, later: tuple[float, ...] = (1.0,) * 5) -> Path:
    """A protocol with a baseline, after which it goes out of control."""
    scores = [*(3.0 + 0.1 * (n % 2) for n in range(BASELINE)), *later]
    with closing(Store(path, model.config)) as store:
        for n, score in enumerate(scores):
            scan = Identification(scan_date=f"202401{1 + n % 28:02}", station="ROOM7")
            one = made_score(score, series=f"1.2.{n}", acquisition=FACTS, noise_hu=10.0 + n % 2,
                             identification=scan)  # fmt: skip
            found = Outcome(Path(f"/in/DOE/{n}"), FileStamp(1, n), f"{n}", scores=(one,))
            store.record([found], {})
    return path


def write_listener(place: Path, scan: Path, model: Model) -> Path:
    """A folder of listen with two arrivals, one of which has results."""
    (place / "queue").mkdir(parents=True)
    write_results(write_series(scan, 2), place / "results" / "0a1b2c3d", model)
    lines = ["received,name,outcome,images", '2024-01-01 10:00,gone,"not\u2028scored",2',
             "2024-01-02 10:00,0a1b2c3d,scored,2"]  # fmt: skip
    (place / "received.csv").write_text("\n".join(lines), encoding="utf-8")
    return place


def test_charts_of_a_monitor(tmp_path: Path, model: Model):
    path = write_monitor(tmp_path / "monitor.sqlite", model)
    with page_server(tmp_path / "own", classify([path])) as server:
        assert server.json("/api/about")["monitor"]
        (protocol,) = server.json("/api/monitor")
        text = server.get("/api/monitor").text
    assert protocol["is_out"]
    assert protocol["state"] == "out of control, score lower"
    assert protocol["model"] == model.title
    assert protocol["series"] == BASELINE + 5
    assert protocol["episodes"][0]["side"] == "lower"
    names = {chart["name"] for chart in protocol["charts"]}
    assert len(names) >= 2
    assert all(chart["svg"].startswith("<svg") for chart in protocol["charts"])
    score, noise = (chart["explained"] for chart in protocol["charts"])
    assert f"Out of control since series {BASELINE + 1}: lower. As measured:" in score
    assert "In control. Neither end is better: less noise may be more dose" in noise
    assert "<b>" not in protocol["charts"][0]["svg"]
    assert not any(word in text for word in ("DOE", "ROOM7", "202401"))


@pytest.mark.parametrize(
    ("later", "is_judged", "state"),
    [((), False, "no series after the baseline yet"), ((3.0,), True, "in control")],
)
def test_a_protocol_is_in_control_only_where_a_series_was_judged(
    tmp_path: Path, model: Model, later: tuple[float, ...], is_judged: bool, state: str
):
    path = write_monitor(tmp_path / "monitor.sqlite", model, later)
    with page_server(tmp_path / "own", classify([path]), model=str(model.folder)) as server:
        (protocol,) = server.json("/api/monitor")
    assert (protocol["is_out"], protocol["is_judged"], protocol["state"]) == (
        False,
        is_judged,
        state,
    )
    assert "Higher is better." in protocol["charts"][0]["explained"]  # the model is here


def test_the_direction_is_that_of_the_model_and_not_of_its_network(tmp_path: Path, model: Model):
    sha256 = model.config.files[ONNX]
    folder = shutil.copytree(model.folder, tmp_path / "model")
    write_config(folder, mapped(model.config))
    scored_by = ScoredBy(model.config.name, model.config.version, sha256)
    assert _higher_is_better(scored_by, str(model.folder)) is True
    assert _higher_is_better(scored_by, str(folder)) is None
    assert _higher_is_better(ScoredBy("site", "9", sha256), str(folder)) is False


def test_a_monitor_that_has_gone_is_not_made_again(tmp_path: Path, model: Model):
    path = write_monitor(tmp_path / "monitor.sqlite", model)
    with page_server(tmp_path / "own", classify([path])) as server:
        path.unlink()
        answer = server.get("/api/monitor")
    assert (answer.status_code, path.exists()) == (400, False)
    assert answer.json()["error"].startswith("is not there any more")


def test_a_file_that_is_no_monitor(tmp_path: Path):
    (tmp_path / "a.sqlite").write_bytes(b"no database" * 100)
    with page_server(tmp_path / "own", classify([tmp_path / "a.sqlite"])) as server:
        answer = server.get("/api/monitor")
    assert answer.status_code == 400
    assert "not a database" in answer.json()["error"]


def test_arrivals_of_a_listener(tmp_path: Path, model: Model):
    place = write_listener(tmp_path / "listen", tmp_path / "scan", model)
    given = classify([place])
    assert given == ServedPaths(listeners=(place,))
    with page_server(tmp_path / "own", given) as server:
        latest, first = server.json("/api/received")
        (key,) = server.series()
    assert (latest["name"], latest["key"]) == ("0a1b2c3d", key)
    assert (first["key"], first["outcome"]) == (None, "not\u2028scored")
