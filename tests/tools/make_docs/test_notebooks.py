"""What is kept of an executed notebook."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")

from distiliqa.errors import DistiliqaError  # noqa: E402
from tools.make_docs import notebooks  # noqa: E402


def png(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_what_is_of_this_machine_is_taken_out() -> None:
    out = nbformat.v4.new_output
    cell = nbformat.v4.new_code_cell("print(1)", metadata={"execution": {"iopub.status": "busy"}})
    cell.outputs = [
        out("stream", name="stdout", text="wrote /tmp/x/results\n12 slices in 3 series, 1.2 s\n"),
        out("stream", name="stderr", text="a warning of the kernel"),
        out("execute_result", data={"text/plain": "/tmp/x/a.dcm"}, execution_count=1),
    ]
    book = nbformat.v4.new_notebook(
        cells=[cell], metadata={"language_info": {"name": "python", "version": "3.11"}}
    )
    notebooks.clean(book, "/tmp/x")
    assert book.metadata == {"kernelspec": notebooks.KERNEL}
    assert cell.metadata == {}
    stream, result = book.cells[0].outputs
    assert stream.text == "wrote ./results\n"
    assert result.data["text/plain"] == "./a.dcm"


def test_pictures_have_few_colors() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    large = png(Image.fromarray(noise))
    small = notebooks.smaller(large)
    assert len(small) < len(large) / 2
    shown = Image.open(io.BytesIO(base64.b64decode(small)))
    assert shown.size == (64, 64)
    assert len(shown.convert("RGB").getcolors()) <= notebooks.COLORS


def test_a_notebook_that_grows_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ipynb"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("x" * 1000)])
    path.write_text(before := nbformat.writes(book))
    monkeypatch.setattr(notebooks, "execute", lambda notebook, folder: None)
    monkeypatch.setattr(notebooks, "MAX_BYTES", 500)
    with pytest.raises(DistiliqaError, match="keep it under 500"):
        notebooks.write(path)
    assert path.read_text() == before
