from __future__ import annotations

import pickle

import pytest
import torch
from safetensors.torch import load_file

from distiliqa.errors import DistiliqaError
from distiliqa.lab.network.network import Network, NetworkConfig
from distiliqa.lab.network.published import import_network, to_published

TINY = NetworkConfig(stem_blocks=2, stem_width=2, depth=2, width=16, heads=4, mlp=24, outputs=5)


@pytest.mark.parametrize("kind", ["student", "teacher"])
def test_golden_networks_give_the_published_outputs(shared_data, kind):
    network = import_network(shared_data / f"golden/{kind}_tiny.weights.safetensors")
    golden = load_file(shared_data / f"golden/{kind}_tiny.io.safetensors")
    with torch.inference_mode():
        torch.testing.assert_close(network(golden["input"]), golden["output"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"state_dict": s, "epoch": 3}])
def test_every_size_is_read_from_a_torch_file(tmp_path, wrap):
    network = Network(TINY)
    torch.save(wrap(to_published(network.state_dict())), tmp_path / "student.pth")
    found = import_network(tmp_path / "student.pth", heads=4)
    assert found.config == TINY
    assert all(
        torch.equal(a, b)
        for a, b in zip(found.state_dict().values(), network.state_dict().values(), strict=True)
    )


def test_names_of_a_parallel_network_lose_their_prefix(tmp_path):
    state = {f"module.{k}": v for k, v in to_published(Network(TINY).state_dict()).items()}
    torch.save(state, tmp_path / "student.pth")
    assert import_network(tmp_path / "student.pth", heads=4).config == TINY


class Harmful:
    def __reduce__(self):
        return print, ("run by unpickling",)


def test_pickled_objects_are_refused_unrun(tmp_path, capsys):
    torch.save({"conv_head.0.0.weight": Harmful()}, tmp_path / "harmful.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Harmful()))
    for name in ("harmful.pth", "plain.pth"):
        with pytest.raises(DistiliqaError, match=r"harmful|plain.*refused"):
            import_network(tmp_path / name)
    assert "run by unpickling" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not readable as weights"),
        (b"not weights", "refused|not readable"),
    ],
)
def test_damaged_files_are_named(tmp_path, content, words):
    (tmp_path / "broken.pth").write_bytes(content)
    with pytest.raises(DistiliqaError, match=rf"broken.pth: .*({words})"):
        import_network(tmp_path / "broken.pth")


def test_foreign_layouts_are_named(tmp_path):
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "vgg.pth")
    with pytest.raises(DistiliqaError, match=r"vgg.pth: .*published layout"):
        import_network(tmp_path / "vgg.pth")
    with pytest.raises(DistiliqaError, match="no such file"):
        import_network(tmp_path / "absent.pth")
