"""The network of DistilIQA and its relatives, in torch (extra ``train``)."""

from distiliqa.lab.network.network import PRESETS, Network, NetworkConfig
from distiliqa.lab.network.onnx_export import export_network, load_network
from distiliqa.lab.network.published import import_network

__all__ = [
    "PRESETS",
    "Network",
    "NetworkConfig",
    "export_network",
    "import_network",
    "load_network",
]
