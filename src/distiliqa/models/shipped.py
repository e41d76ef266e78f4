"""The models that come with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import CONFIG

DEFAULT = "compact"


def shipped_models() -> dict[str, Path]:
    """Folders of the shipped models by name."""
    models = Path(str(files("distiliqa"))) / "models"
    return {config.parent.name: config.parent for config in sorted(models.glob(f"*/{CONFIG}"))}


def find_model(name_or_folder: str | Path) -> Path:
    """Folder of a model: a shipped one by its name, any other by its path.

    Raises
    ------
    DistiliqaError : neither; the message lists the names there are.
    """
    shipped, folder = shipped_models(), Path(name_or_folder)
    if str(name_or_folder) in shipped:
        return shipped[str(name_or_folder)]
    if not folder.is_dir():
        names = ", ".join(shipped) or "none"
        raise DistiliqaError(
            f"no model or model folder {str(name_or_folder)!r}",
            remedy=f"the shipped models are: {names}",
        )
    return folder
