from __future__ import annotations

import json
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.support.peak_memory import PEAK_KIB

from distiliqa.errors import DistiliqaError, ModelFolderError
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.sizes import PRESETS, NetworkConfig
from distiliqa.lab.network.weights import read_network, read_state, save_network, start_from


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.filterwarnings("error")
def test_a_damaged_torch_file_is_one_line(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.rand(3, 3)}, path, _use_new_zipfile_serialization=zipped)
    whole, rng, refused = path.read_bytes(), random.Random(0), list[str]()
    for _ in range(300):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole)
        for at in (rng.randrange(len(whole)) for _ in range(5)):
            damaged[at : at + 1] = bytes([rng.randrange(256)])
        path.write_bytes(damaged)
        try:
            read_state(path)
        except DistiliqaError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(line.startswith(f"{path}: ") and "\n" not in line for line in refused)


TINY = NetworkConfig("strided", stem_width=2, patch=1, depth=1, width=16, heads=2, mlp=16)


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    network = Network(TINY).eval()
    save_network(network, tmp_path / "a.safetensors")
    found = read_network(tmp_path / "a.safetensors")
    assert found.config == TINY
    state = network.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in found.state_dict().items())
    assert all(
        parameter.requires_grad and not parameter.is_meta for parameter in found.parameters()
    )


LARGE = PRESETS["compact"].as_dict() | {"width": 65536, "mlp": 1 << 18, "heads": 1}


def write_with_sizes(path: Path, sizes: dict[str, object]) -> Path:
    """Write a tiny network that states other sizes."""
    save_network(Network(TINY), path)
    save_file(load_file(path), path, {"network": json.dumps(TINY.as_dict() | sizes)})
    return path


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"depth": 10**60}, "depth is 1000"),
        ({"depth": 1.5}, "depth is 1.5, not int"),
        ({"stem_blocks": 10**9}, "stem_blocks is 1000"),
        ({"stem": "other"}, "stem is 'other'"),
        ({"image_size": float("nan")}, "NaN is not a finite number"),
        (LARGE, "size"),
    ],
)
def test_sizes_that_a_file_does_not_hold_are_refused(
    tmp_path: Path, sizes: dict[str, object], words: str
) -> None:
    path = write_with_sizes(tmp_path / "a.safetensors", sizes)
    with pytest.raises(ModelFolderError, match=words) as error:
        read_network(path)
    assert len(error.value.reason) < 400


GROWTH = PEAK_KIB + textwrap.dedent("""
    import sys
    from pathlib import Path
    from distiliqa.errors import ModelFolderError
    from distiliqa.lab.network.weights import read_network
    before = peak_kib()
    try:
        read_network(Path(sys.argv[1]))
    except ModelFolderError:
        print(peak_kib() - before)
""")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sizes_that_a_file_does_not_hold_take_no_memory(tmp_path: Path) -> None:
    """Tens of GiB a layer; in a process of its own, whose peak no other test has raised."""
    path = write_with_sizes(tmp_path / "a.safetensors", LARGE)
    command = [sys.executable, "-c", GROWTH, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert int(done.stdout) < 200 << 10  # KiB


def test_heads_that_are_new_begin_as_they_are(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained = Network(TINY.with_outputs(3).with_heads(map=True, processed=False))
    save_network(trained, tmp_path / "a.safetensors")
    network = Network(TINY.with_heads(map=True, processed=True))
    own = network.processed.weight.clone()
    start_from(network, tmp_path / "a.safetensors")
    assert torch.equal(network.processed.weight, own)
    assert torch.equal(network.map.weight, trained.map.weight)
    mean = trained.vit.heads.weight.mean(0, keepdim=True)
    torch.testing.assert_close(network.vit.heads.weight, mean)
