"""Execute the notebooks of the documentation, and keep their outputs in them.

python -m tools.make_docs.notebooks [NAME ...]

Each runs in an empty folder with the shipped model, and is written back without what differs from
machine to machine: times, paths, versions, and logs. Sphinx shows the outputs and runs nothing.
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_text
from tools import entry

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "tutorials"
MAX_BYTES = 300_000  # of a notebook with its outputs
TIMEOUT_S = 3600
COLORS = 64  # of a picture; a slice and its map need no more
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_SECONDS = re.compile(r"^.*\d (?:s|slices/s|a second)\)?$\n?", re.MULTILINE)

Node = Any  # nbformat gives dictionaries whose keys are attributes too


def main() -> None:
    names = sys.argv[1:] or [path.stem for path in notebooks()]
    for name in names:
        write(FOLDER / f"{name}.ipynb")


def notebooks() -> list[Path]:
    """The notebooks of the documentation."""
    return sorted(FOLDER.glob("*.ipynb"))


def write(path: Path) -> None:
    """Execute a notebook, and write it back with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as folder:
        execute(notebook, Path(folder))
        clean(notebook, folder)
    text = nbformat.writes(notebook) + "\n"
    if len(text) > MAX_BYTES:
        raise DistiliqaError(
            f"{len(text)} bytes with its outputs", path=path, remedy=f"keep it under {MAX_BYTES}"
        )
    write_text(path, text)


def execute(notebook: Node, folder: Path) -> None:
    """Run all cells in a folder; an error of a cell is raised."""
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name=KERNEL["name"],
        resources=resources,
        coalesce_streams=True,
    ).execute()


def clean(notebook: Node, folder: str) -> None:
    """Take out of a notebook what is of this machine, and make its pictures small."""
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for output in cell.outputs:
                _clean_output(output, folder)


def _clean_output(output: Node, folder: str) -> None:
    if output.output_type == "stream":
        output.text = _SECONDS.sub("", output.text.replace(folder, "."))
        return
    output.metadata = nbformat.from_dict({})
    if "image/png" in output.data:
        output.data.pop("image/jpeg", None)
    for kind, content in output.data.items():
        if kind == "image/png":
            output.data[kind] = smaller(content)
        elif isinstance(content, str):
            output.data[kind] = content.replace(folder, ".")


def smaller(png: str) -> str:
    """A PNG in base64 with few colors."""
    file = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(COLORS).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


if __name__ == "__main__":
    entry.run(main)
