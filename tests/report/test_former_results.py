from __future__ import annotations

import json
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.report import report
from distiliqa.report.former_results import check_former, list_more, remove_former
from distiliqa.scoring.result import ScoringRun

MORE = ("report.pdf", "sr/0123abcd.dcm", "heatmaps/0123abcd", "heatmaps/0123abcd.nii.gz")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("of an earlier patient")


def test_what_a_run_lists_goes_and_what_the_user_put_there_stays(run: ScoringRun, tmp_path: Path):
    report(run, tmp_path, more_files=MORE)
    put(tmp_path, *MORE[:2], MORE[3], "heatmaps/0123abcd/slice_0001.png")
    mine = {"notes.txt", "sr/mine.dcm", "heatmaps/0123abcd/mine.png", "report (copy).pdf"}
    put(tmp_path, *mine)
    remove_former(tmp_path)
    assert files(tmp_path) == mine


def test_nothing_remains_where_nothing_else_is(run: ScoringRun, tmp_path: Path):
    report(run, tmp_path, more_files=MORE)
    put(tmp_path, *MORE[:2], MORE[3], "heatmaps/0123abcd/slice_0001.png")
    remove_former(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../notes.txt", "/etc/hosts", "thesis.docx", "sr/thesis.dcm", 7])
def test_a_record_cannot_have_other_files_removed(run: ScoringRun, tmp_path: Path, name: object):
    folder = tmp_path / "out"
    report(run, folder, more_files=[name])
    put(folder, "thesis.docx", "sr/thesis.dcm")
    put(tmp_path, "notes.txt")
    remove_former(folder)
    assert files(tmp_path) == {"notes.txt", "out/thesis.docx", "out/sr/thesis.dcm"}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"command": "of another program"}',
        '{"distiliqa": "0.1.0", "model": {}, "settings": {}, "runs": []}',
        '{"distiliqa": "0.1.0", "images": 3, "slices_sha256": "ab", "files": ["scores.csv"]}',
    ],
)
def test_a_record_of_something_else_is_not_replaced(tmp_path: Path, content: str):
    """Such as that of a training or an archive, which say how to go on with what they made."""
    (tmp_path / "run.json").write_text(content)
    for refuse in (check_former, remove_former):
        with pytest.raises(DistiliqaError, match=r"run\.json: not of .*; give another --out"):
            refuse(tmp_path)
    assert (tmp_path / "run.json").read_text() == content


def test_a_record_without_a_list_is_refused_where_files_may_be_of_another(
    run: ScoringRun, tmp_path: Path
):
    report(run, tmp_path)
    record = json.loads((tmp_path / "run.json").read_text())
    del record["files"]
    (tmp_path / "run.json").write_text(json.dumps(record))
    check_former(tmp_path)
    put(tmp_path, "report.pdf", "sr/0123abcd.dcm")
    with pytest.raises(DistiliqaError, match=r"report\.pdf and sr may be of another patient; del"):
        check_former(tmp_path)


@pytest.mark.parametrize("name", ["heatmaps/0123abcd/slice_0001.png", "sr/0123abcd.dcm"])
def test_maps_that_a_record_does_not_list_may_be_of_another(
    run: ScoringRun, tmp_path: Path, name: str
):
    report(run, tmp_path)
    put(tmp_path, name)
    with pytest.raises(DistiliqaError, match=r"0123abcd.*: not listed in run\.json, and may"):
        check_former(tmp_path)
    list_more(tmp_path, [name.removesuffix("/slice_0001.png")])
    check_former(tmp_path)
    remove_former(tmp_path)
    assert not (tmp_path / name).exists()


def test_maps_are_written_beside_a_record_of_something_else(tmp_path: Path):
    (tmp_path / "run.json").write_text('{"distiliqa": "0.1.0", "images": 3, "files": []}')
    list_more(tmp_path, ["heatmaps/0123abcd"])
    assert "0123abcd" not in (tmp_path / "run.json").read_text()
