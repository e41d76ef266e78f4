"""The network of DistilIQA and its relatives, in torch (extra ``train``)."""

from distiliqa.lab.network.network import Network
from distiliqa.lab.network.onnx_export import export_network, load_network
from distiliqa.lab.network.published import import_network
from distiliqa.lab.network.sizes import PRESETS, NetworkConfig

__all__ = [
    "PRESETS",
    "Network",
    "NetworkConfig",
    "export_network",
    "import_network",
    "load_network",
]
