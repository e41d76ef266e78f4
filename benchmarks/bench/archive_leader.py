"""What the machine that leads an archive does: it lists, hands out tasks, and writes results."""

from __future__ import annotations

import random
import secrets
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from bench.archive_hours import SLICES_EACH
from distiliqa.models.folder import ONNX, digest_of
from distiliqa.scoring.model import Model

if TYPE_CHECKING:
    from distiliqa.archive.worker import Setting

ROWS, TASKS = 50_000, 300


class Idle:
    """A worker that knows all scores already: what is left is the work of the leading machine."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def __call__(self, files: Any) -> Any:
        return results(files["path"].to_pylist(), self.setting)


def tasks_each_second(model: Model) -> float:
    """Tasks that Ray hands out and whose results it brings back."""
    from distiliqa.archive import cluster
    from distiliqa.archive.input_files import Listed
    from distiliqa.files import FileStamp

    files = [Listed(f"/{n}", FileStamp(1, 1), {}) for n in range(TASKS * cluster.TASK_FILES)]
    with patch.object(cluster, "Scorer", Idle):
        done = cluster.score_files(files, setting_of(model), 2)
        next(done)  # the workers have started
        return (TASKS - 1) / timed(lambda: deque(done, maxlen=0))


def written_each_second(folder: Path, model: Model) -> tuple[float, float]:
    """Results that are put in Parquet, and in mind, a second; and bytes of each on disk."""
    from distiliqa.archive.cluster import TASK_FILES
    from distiliqa.archive.parts import Known, Parts
    from distiliqa.archive.table import schema

    paths = [f"/archive/{n // 3000:05}/{n // 300:07}/{n % 300:03}.dcm" for n in range(ROWS)]
    setting, parts, known = setting_of(model), Parts(folder, schema(())), Known()
    tasks = [results(paths[at : at + TASK_FILES], setting) for at in range(0, ROWS, TASK_FILES)]

    def write() -> None:
        for rows in tasks:
            parts.add(rows)
            known.add(rows)
        parts.flush()

    seconds = timed(write)
    return ROWS / seconds, sum(path.stat().st_size for path in parts.paths()) / ROWS


def results(paths: list[str], setting: Setting) -> Any:
    """Made up rows as different from each other as those of real slices."""
    import pyarrow as pa

    from distiliqa.archive.table import schema

    def row(path: str) -> dict[str, object]:
        score = random.random()
        return {
            "path": path,
            "slice": 0,
            "state": "scored",
            "series": f"1.2.826.0.1.3680043.8.498.{hash(path[:-8])}",
            "position_mm": float(path[-7:-4].strip("/")) if path.endswith(".dcm") else 0.0,
            "score": score,
            "outputs": [score + random.random() for _ in range(5)],
            "spread": random.random(),
            "interval_low": random.random(),
            "interval_high": random.random(),
            "distance": random.random(),
            "outside": False,
            "noise_hu": random.random(),
            "kvp": 120.0,
            "kernel": "B30f",
            "sha256": secrets.token_hex(32),
            "size": 526_000 + random.randrange(2000),
            "modified_ns": random.randrange(10**18, 2 * 10**18),
            "model": "compact 0.1.0",
            "model_sha256": setting.sha256,
        }

    return pa.Table.from_pylist([row(path) for path in paths], schema(()))


def listed_each_second(folder: Path) -> float:
    """Files of one series a folder, listed with size and time on the disk of this machine."""
    from distiliqa.archive.storage import files_under

    for number in range(3000):
        place = folder / str(number // SLICES_EACH)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.dcm").touch()
    return 3000 / timed(lambda: list(files_under(str(folder))))


def setting_of(model: Model) -> Setting:
    from distiliqa.archive.worker import Setting

    return Setting(str(model.folder), model.config.files[ONNX], digest_of(model.config))


def timed(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin
