"""The network of DistilIQA and its relatives, in torch (extra ``train``)."""

from distiliqa.model.config import PRESETS, NetworkConfig
from distiliqa.model.export import export_network, load_network
from distiliqa.model.network import Network
from distiliqa.model.reference import import_network

__all__ = [
    "PRESETS",
    "Network",
    "NetworkConfig",
    "export_network",
    "import_network",
    "load_network",
]
