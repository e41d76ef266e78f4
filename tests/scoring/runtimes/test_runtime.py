"""One model through all that can run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from distiliqa.ct import read_ct
from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.examples import EXAMPLE_SERIES
from distiliqa.models.folder import CONFIG, ONNX, read_config, write_config
from distiliqa.scoring import reduced_precision
from distiliqa.scoring.execution import RUNTIMES
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.runtimes import runtime as runtime_module
from distiliqa.scoring.runtimes.runtime import installed_runtimes, open_session

openvino_only = pytest.mark.skipif(find_spec("openvino") is None, reason="no openvino here")


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    """One slice of each dose of the example series, HU."""
    return np.stack([ct.hu for ct in read_ct(EXAMPLE_SERIES)][::4])


@pytest.fixture(scope="module")
def compact() -> Model:
    return load_model()


@pytest.mark.parametrize("runtime", RUNTIMES[1:])
def test_scores_do_not_depend_on_the_runtime(compact: Model, slices: np.ndarray, runtime):
    if runtime not in installed_runtimes("fp32"):
        pytest.skip(f"{runtime} is not installed")
    other = load_model(runtime=runtime, batch=2)
    assert (other.execution.runtime, other.execution.precision) == (runtime, "fp32")
    for one, same in zip(compact.score(slices), other.score(slices), strict=True):
        assert one.outputs == pytest.approx(same.outputs, abs=1e-4)
        assert one.distance == pytest.approx(same.distance, abs=1e-3)


@pytest.fixture
def compact_in_bf16(monkeypatch: pytest.MonkeyPatch) -> Model:
    """Also where its scores move by more than a user is given."""
    monkeypatch.setattr(reduced_precision, "MAX_MOVED", 4.0)
    monkeypatch.setattr(reduced_precision, "MIN_SROCC", -1.0)
    try:
        return load_model(precision="bf16")
    except DistiliqaError as error:
        if "does not multiply" not in error.reason:
            raise
        pytest.skip(error.reason)


@openvino_only
def test_bf16_is_near_fp32_and_not_fp32(compact: Model, compact_in_bf16: Model, slices: np.ndarray):
    exact, reduced = (
        np.array([slice_.score for slice_ in model.score(slices)])
        for model in (compact, compact_in_bf16)
    )
    assert np.ptp(exact) > 0.5
    assert 1e-4 < np.abs(exact - reduced).max() < 0.2


@openvino_only
def test_a_cpu_without_bf16_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("distiliqa.scoring.runtimes.openvino.has_bf16", lambda core: False)
    with pytest.raises(DistiliqaError, match="does not multiply in bf16; use the precision fp32"):
        load_model(precision="bf16")


def test_a_missing_openvino_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(DistiliqaError, match=r'not installed .*pip install "openvino>='):
        load_model(runtime="openvino")


def test_a_missing_cuda_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime_module, "has_cuda", lambda: False)
    with pytest.raises(DistiliqaError, match=r'has no CUDA; pip install "onnxruntime-gpu>='):
        load_model(runtime="cuda")


def test_a_cuda_that_does_not_start_is_no_silent_cpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime_module, "has_cuda", lambda: True)
    monkeypatch.setattr(runtime_module, "CUDA", "CPUExecutionProvider")
    monkeypatch.setattr(runtime_module, "_CUDA_OPTIONS", {})
    assert load_model(runtime="cuda").execution.runtime == "cuda"
    open_one = runtime_module.onnxruntime.InferenceSession
    monkeypatch.setattr(
        runtime_module.onnxruntime,
        "InferenceSession",
        lambda path, sess_options, providers: open_one(
            path, sess_options, ["CPUExecutionProvider"]
        ),
    )
    monkeypatch.setattr(runtime_module, "CUDA", "CUDAExecutionProvider")
    with pytest.raises(DistiliqaError, match="CUDA does not start here"):
        load_model(runtime="cuda")


@openvino_only
def test_openvino_refuses_what_onnxruntime_refuses(tiny_model: Path, tmp_path: Path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    content = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(content | {"outputs": 1}))
    with pytest.raises(ModelFolderError, match="not what config"):
        load_model(folder, runtime="openvino")
    (folder / ONNX).write_bytes(b"not a network")
    with pytest.raises(ModelFolderError, match="SHA-256 differs"):
        load_model(folder, runtime="openvino")
    write_config(folder, read_config(tiny_model))
    with pytest.raises(ModelFolderError, match=r"model\.onnx: not a network that") as error:
        load_model(folder, runtime="openvino")
    assert "\n" not in str(error.value)


WITHOUT_NETWORK = """
import socket, sys
def refuse(*args, **options):
    print("network", args, flush=True)
    raise OSError("no network")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.getaddrinfo = refuse
import numpy, distiliqa
print(distiliqa.load_model(sys.argv[1], runtime="openvino").score(numpy.eye(64)).model)
"""


@openvino_only
def test_openvino_sends_nothing_and_writes_nothing_into_the_home(tiny_model: Path, tmp_path: Path):
    # Telemetry is off in CI jobs anyway: this must not look like one.
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "TF_BUILD", "JENKINS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, str(tiny_model)],
        env=kept | {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["tiny 1.0"]
    assert list(tmp_path.iterdir()) == []


GONE_IN_A_THREAD = """
import gc, signal, sys, threading
import distiliqa
models = [distiliqa.load_model(sys.argv[1], runtime="openvino")]
thread = threading.Thread(target=lambda: (models.clear(), gc.collect()))
thread.start()
thread.join()
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@openvino_only
def test_ctrl_c_interrupts_after_another_thread_has_removed_a_model(tiny_model: Path):
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", GONE_IN_A_THREAD, str(tiny_model)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["interrupted"]


@pytest.fixture
def copied_model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_threads_are_those_asked_for(tiny_model: Path):
    session = open_session(tiny_model, read_config(tiny_model), threads=1)
    assert session.get_session_options().intra_op_num_threads == 1


def test_telemetry_is_off_before_onnxruntime_starts():
    code = (
        "import os, sys, distiliqa.scoring.runtimes.runtime;"
        "print(os.environ['ORT_DISABLE_TELEMETRY'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_an_altered_network_is_refused(copied_model: Path):
    with (copied_model / ONNX).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelFolderError, match="SHA-256 differs"):
        open_session(copied_model, read_config(copied_model))


def test_a_missing_network_is_named(copied_model: Path):
    (copied_model / ONNX).unlink()
    with pytest.raises(ModelFolderError, match=r"model\.onnx: missing"):
        open_session(copied_model, read_config(copied_model))


def test_a_file_that_is_no_network_is_one_line(copied_model: Path):
    config = read_config(copied_model)
    (copied_model / ONNX).write_bytes(b"not a network")
    write_config(copied_model, config)
    with pytest.raises(
        ModelFolderError, match=r"model\.onnx: not a network that distiliqa exports"
    ) as e:
        open_session(copied_model, read_config(copied_model))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(("key", "value"), [("outputs", 1), ("image_size", 256)])
def test_a_config_of_another_network_is_refused(copied_model: Path, key: str, value: int):
    content = json.loads((copied_model / CONFIG).read_text())
    (copied_model / CONFIG).write_text(json.dumps(content | {key: value}))
    with pytest.raises(ModelFolderError, match="not what config"):
        open_session(copied_model, read_config(copied_model))


_BY_TORCH = """
import sys, numpy, torch
from distiliqa.lab.network.onnx_export import load_graph
assert torch.backends.cpu.get_cpu_capability() == "AVX2"
with torch.inference_mode():
    found = load_graph(sys.argv[1])(torch.from_numpy(numpy.load(sys.argv[2])))
numpy.savez(sys.argv[3], *(output.numpy() for output in found))
"""
_HELD_TO_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}


@pytest.mark.skipif(find_spec("torch") is None, reason="no torch here")
def test_scores_do_not_depend_on_the_instruction_set(
    compact: Model, slices: np.ndarray, tmp_path: Path
) -> None:
    """ONNX Runtime has the instructions of this CPU, torch in another process AVX2 alone."""
    import torch

    if torch.backends.cpu.get_cpu_capability() == "AVX2":
        pytest.skip("this CPU has no more than AVX2")
    images = compact.config.window.apply(slices)[:, np.newaxis].astype(np.float32)
    image, found = tmp_path / "images.npy", tmp_path / "found.npz"
    np.save(image, images)
    command = [sys.executable, "-c", _BY_TORCH, str(compact.folder), str(image), str(found)]
    subprocess.run(command, env=os.environ | _HELD_TO_AVX2, check=True)
    names = compact.config.output_names
    with np.load(found) as by_torch:
        for name, other in zip(names, by_torch.values(), strict=True):
            np.testing.assert_allclose(
                compact.run(images)[name], other, atol=1e-3, rtol=1e-4, err_msg=name
            )
