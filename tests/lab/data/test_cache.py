"""The slice cache: what it holds, when it is built again, and what stops it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
from tests.support.disks import full_disk

from distiliqa.ct.window import Window
from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.lab.data import cache as cache_module
from distiliqa.lab.data.cache import open_cache
from distiliqa.lab.data.ratings import RatedImage, read_ratings

SIZE = 32


def make_images(folder: Path, count: int = 3) -> list[RatedImage]:
    rng = np.random.default_rng(0)
    images = []
    for i in range(count):
        path = folder / f"{i}.npy"
        np.save(path, rng.uniform(-300, 300, (SIZE, SIZE)).astype(np.float32))
        images.append(RatedImage(path.name, path, float(i)))
    return images


def build_and_report(
    images: list[RatedImage], folder: Path, ready: Barrier, queue: multiprocessing.Queue
) -> None:
    ready.wait(120)
    cache = open_cache(images, folder=folder, size=SIZE)
    queue.put((cache.path.stat().st_mtime_ns, int(cache.images.sum(dtype=np.int64))))


def test_holds_windowed_slices_to_16_bits(tmp_path: Path) -> None:
    images = make_images(tmp_path)
    window = Window(200, 50)
    cache = open_cache(images, folder=tmp_path / "cache", window=window, size=SIZE)
    assert isinstance(cache.images, np.memmap)
    assert cache.images.dtype == np.uint16
    for i, image in enumerate(images):
        expected = window.apply(np.load(image.path))
        np.testing.assert_allclose(cache.array(i), expected, atol=0.51 / 65535)
    assert cache.array(slice(0, 2)).shape == (2, SIZE, SIZE)
    assert cache.array(0).dtype == np.float32


def test_other_sizes_are_padded_with_air(tmp_path: Path) -> None:
    cache = open_cache(make_images(tmp_path), folder=tmp_path / "cache", size=SIZE + 4)
    assert not cache.array(0)[:2].any()
    assert cache.array(0)[2:-2, 2:-2].any()


def test_is_reused_until_something_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, folder = make_images(tmp_path), tmp_path / "cache"
    path = open_cache(images, folder=folder, size=SIZE).path

    def decode_again(*_: object) -> None:
        raise AssertionError("decoded again")

    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "_decode", decode_again)
        assert open_cache(images, folder=folder, size=SIZE).path == path
    assert open_cache(images, folder=folder, size=SIZE, window=Window(400, 0)).path != path
    assert open_cache(images[::-1], folder=folder, size=SIZE).path != path
    os.utime(images[0].path, ns=(1, 1))
    assert open_cache(images, folder=folder, size=SIZE).path != path


def test_a_file_cut_short_is_built_again(tmp_path: Path) -> None:
    images = make_images(tmp_path)
    cache = open_cache(images, folder=tmp_path / "cache", size=SIZE)
    whole = cache.path.read_bytes()
    cache.path.write_bytes(whole[:-100])
    assert open_cache(images, folder=tmp_path / "cache", size=SIZE).path.read_bytes() == whole


def test_pickles_as_a_path(tmp_path: Path) -> None:
    cache = open_cache(make_images(tmp_path), folder=tmp_path / "cache", size=SIZE)
    cache.array(0)
    content = pickle.dumps(cache)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content).images, cache.images)


def test_processes_share_one_build(tmp_path: Path) -> None:
    images, folder = make_images(tmp_path, 20), tmp_path / "cache"
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    given = (images, folder, context.Barrier(3), queue)
    processes = [context.Process(target=build_and_report, args=given) for _ in range(3)]
    for process in processes:
        process.start()
    reports = {queue.get(timeout=120) for _ in processes}
    for process in processes:
        process.join()
    assert len(reports) == 1


def test_unreadable_images_are_one_error_and_leave_no_file(tmp_path: Path) -> None:
    images = make_images(tmp_path)
    images[0].path.write_bytes(b"no array")
    images[2].path.write_bytes(b"no array")
    with pytest.raises(CTReadError, match=r"0\.npy: .*\(and 1 more of 3 images\)"):
        open_cache(images, folder=tmp_path / "cache", size=SIZE)
    assert not list((tmp_path / "cache").glob("*.npy"))
    assert not list((tmp_path / "cache").glob(".*.part"))


def test_several_slices_in_a_file_are_refused(tmp_path: Path) -> None:
    images = make_images(tmp_path, 1)
    np.save(images[0].path, np.zeros((2, SIZE, SIZE), np.float32))
    with pytest.raises(CTReadError, match="holds 2 slices; rate one slice a file"):
        open_cache(images, folder=tmp_path / "cache", size=SIZE)


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_write_header", full_disk)
    with pytest.raises(DistiliqaError, match=r"No space left on device\); free some space"):
        open_cache(make_images(tmp_path), folder=tmp_path / "cache", size=SIZE)


def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(DistiliqaError, match="cannot be written"):
        open_cache(make_images(tmp_path), folder=tmp_path / "cache", size=SIZE)


def test_published_mixed_dose_files(golden: Path, tmp_path: Path) -> None:
    folder = golden / "ldct_mini" / "reference"
    images = [RatedImage(str(path), path, 1.0) for path in sorted(folder.rglob("*.dcm"))]
    cache = open_cache(images, folder=tmp_path, size=128)
    assert cache.images.shape == (12, 128, 128)
    assert all(cache.array(i).std() > 0 for i in range(len(cache)))


def test_challenge_tiffs_are_read_in_hu(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ct-dev" / "ldctiqac2023"
    cache = open_cache(read_ratings(folder, folder / "scores.json"), folder=tmp_path)
    # HU = 1400 x - 1000: enhanced soft tissue inside the window, air at its foot.
    assert all(0.4 < np.median(cache.array(i)[200:300, 150:350]) < 0.9 for i in range(4))
    assert all(cache.array(i)[5:20, 5:20].mean() < 0.01 for i in range(4))
