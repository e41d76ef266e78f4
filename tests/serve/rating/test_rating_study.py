"""A study: questions, answers, resumption, and the ratings that others take."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
from tests.support.disks import full_disk
from tests.support.slices import write_ct

from distiliqa.ct import Window
from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.ratings import read_ratings
from distiliqa.readers.rating_table import read_table
from distiliqa.serve.rating.rating_files import BY_READER, COMPARISONS, RATINGS, SUMMARY
from distiliqa.serve.rating.rating_study import Study, reader_name
from distiliqa.serve.rating.study_design import Asked
from distiliqa.statistics.agreement import srocc
from distiliqa.version import __version__

NOISE = (5, 15, 30, 50, 80, 120)  # HU; the names of the files have no order of their own


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for n, noise in enumerate(NOISE):
        hu = np.random.default_rng(n).normal(40, noise, (32, 32))
        write_ct(tmp_path / "data" / f"P{n % 2}" / f"{'fbdace'[n]}.dcm", hu)
    return tmp_path / "data"


def noise_of(study: Study, image: int) -> float:
    return float(study.read(image).hu.std())


def ask_all(study: Study, reader: str) -> int:
    """Answer by the noise until the end; the number of answers."""
    while (question := study.question(reader)).images:
        if study.design.method == "pairs":
            first, second = (noise_of(study, image) for image in question.images)
            study.answer(reader, question.images, 1 if first < second else -1)
        else:
            rating = 4 - int(noise_of(study, question.images[0]) > 40)
            study.answer(reader, question.images, rating)
    return question.number


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_reader_too_many_is_refused_with_what_to_do(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("distiliqa.serve.rating.rating_study.MAX_READERS", 1)
    study = Study(data, tmp_path / "out", Asked(method="scale"))
    question = study.question("Anna")
    study.answer("Anna", question.images, 3)
    study.question("Anna")
    with pytest.raises(DistiliqaError, match="1 readers take part already; continue under a name"):
        study.question("Ben")


def test_pairs_give_ratings_in_the_order_of_quality(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked())
    assert ask_all(study, "Anna") == study.design.comparisons == 12
    assert ask_all(study, "Ben B.") == 12
    study.write()
    table = read_table(tmp_path / "out" / RATINGS, scale=(0, 4))
    assert table.readers == ("rating",)
    noise = {f"P{n % 2}/{'fbdace'[n]}.dcm": value for n, value in enumerate(NOISE)}
    ratings = table.ratings[:, 0]
    assert srocc(ratings, np.array([-noise[row.name] for row in table.rows])) == pytest.approx(1)
    assert (ratings.min(), ratings.max()) == (0, 4)
    assert read_table(tmp_path / "out" / BY_READER).readers == ("Anna", "Ben B.")
    compared = rows(tmp_path / "out" / COMPARISONS)
    assert len(compared) == 24
    assert {row["better"] for row in compared} <= {"first", "second"}
    summary = json.loads((tmp_path / "out" / SUMMARY).read_text())
    assert summary["window"] == {"width": 350, "level": 40}
    assert summary["readers"]["Anna"]["comparisons"] == 12
    assert summary["sha256"] == {
        name: hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest()
        for name in ("study.json", "answers.jsonl")
    }
    assert all(one["standard_error"] > 0 for one in summary["standard_errors"])


def test_a_scale_gives_a_column_a_reader(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # One study in 720 has the same order for both.
    monkeypatch.setattr("secrets.randbits", lambda bits: 1)
    study = Study(data, tmp_path / "out", Asked("scale"))
    orders = []
    for reader in ("Anna", "Ben"):
        orders.append([])
        while (question := study.question(reader)).images:
            orders[-1].append(question.images)
            study.answer(reader, question.images, len(orders))
    assert sorted(orders[0]) == sorted(orders[1]) == [(n,) for n in range(6)]
    assert orders[0] != orders[1]
    study.write()
    table = read_table(tmp_path / "out" / RATINGS, scale=(0, 4))
    assert table.readers == ("Anna", "Ben")
    assert table.ratings.tolist() == [[1, 2]] * 6


def test_training_finds_the_images_of_its_ratings(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked())
    ask_all(study, "Anna")
    study.write()
    rated = read_ratings(data, tmp_path / "out" / RATINGS)
    assert {image.path for image in rated} == set(data.rglob("*.dcm"))
    best = max(rated, key=lambda image: image.score)
    assert best.path == data / "P0" / "f.dcm"


def test_a_study_goes_on_where_it_ended(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked(window=Window(1500, -600)))
    for _ in range(3):
        study.answer("Anna", study.question("Anna").images, 0)
    asked = study.question("Anna")
    again = Study(data, tmp_path / "out", Asked())
    assert again.design == study.design
    assert again.question("Anna") == asked  # the same pair on the same sides
    assert again.question("Anna").number == 3
    assert again.readers == ["Anna"]


def test_a_study_records_its_version_and_one_of_before_goes_on(data: Path, tmp_path: Path):
    Study(data, tmp_path / "out", Asked())
    path = tmp_path / "out" / "study.json"
    design = json.loads(path.read_text())
    assert design.pop("distiliqa") == __version__
    path.write_text(json.dumps(design))
    assert Study(data, tmp_path / "out", Asked()).design.distiliqa == ""


def test_an_answer_is_taken_back(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked())
    with pytest.raises(DistiliqaError, match="nothing was answered yet"):
        study.take_back("Anna", study.question("Anna").images)
    first = study.question("Anna")
    study.answer("Anna", first.images, 1)
    study.take_back("Anna", study.question("Anna").images)
    assert study.question("Anna") == first
    study.answer("Anna", first.images, -1)
    again = Study(data, tmp_path / "out", Asked())
    assert again.question("Anna").number == 1
    assert again._entries[0].answer == -1


def test_an_older_window_is_refused(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked())
    first = study.question("Anna").images
    with pytest.raises(DistiliqaError, match="no such answer"):
        study.answer("Anna", first, 2)
    study.answer("Anna", first, 1)
    second = study.question("Anna").images
    study.answer("Anna", second, 0)
    for older in (first, second):
        with pytest.raises(DistiliqaError, match="another question is asked by now"):
            study.answer("Anna", older, -1)
        with pytest.raises(DistiliqaError, match="another question is asked by now"):
            study.take_back("Anna", older)
    assert [entry.answer for entry in study._entries] == [1, 0]


def test_an_answer_is_about_the_images_that_were_shown(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("secrets.randbits", lambda bits: 1)
    study = Study(data, tmp_path / "out", Asked())
    shown = study.question("Anna")
    ask_all(study, "Ben")
    again = Study(data, tmp_path / "out", Asked())  # a new start, while a page stays open
    asked = again.question("Anna")
    assert asked.number == shown.number
    assert asked.images != shown.images
    with pytest.raises(DistiliqaError, match="another question is asked by now"):
        again.answer("Anna", shown.images, 1)
    again.answer("Anna", asked.images, 1)


def test_nothing_is_answered_after_the_last_question(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked("scale"))
    assert ask_all(study, "Anna") == 6
    with pytest.raises(DistiliqaError, match="all questions are answered"):
        study.answer("Anna", (), 1)
    study.take_back("Anna", ())
    assert study.question("Anna").number == 5


def test_readers_who_begin_together_see_pairs_of_their_own(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("secrets.randbits", lambda bits: 1)
    study = Study(data, tmp_path / "out", Asked())
    first = [study.question(f"Reader {n}").images for n in range(20)]
    # 30 ordered pairs are as good: 20 readers see 15 of them on average, standard deviation 1.5.
    assert len(set(first)) >= 10


@pytest.mark.parametrize("method", ["pairs", "scale"])
def test_ratings_without_an_answer_that_stands(data: Path, tmp_path: Path, method: Any):
    out = tmp_path / "out"
    study = Study(data, out, Asked(method))
    study.write()
    assert [path.name for path in out.iterdir()] == ["study.json"]
    study.answer("Anna", study.question("Anna").images, 1)
    study.write()
    names = [RATINGS] if method == "scale" else [RATINGS, BY_READER, COMPARISONS]
    assert all(rows(out / name) for name in names)
    study.take_back("Anna", study.question("Anna").images)
    Study(data, out, Asked()).write()  # as at the end of a new start
    assert not any(rows(out / name) for name in names)
    assert json.loads((out / SUMMARY).read_text())["readers"] == {}
    with pytest.raises(DistiliqaError, match="holds no ratings"):
        read_table(out / RATINGS)


@pytest.mark.parametrize("name", ["image", "Case"])
def test_names_of_other_columns(name: str):
    with pytest.raises(DistiliqaError, match="is the name of another column of the ratings"):
        reader_name(name)


@pytest.mark.parametrize("name", ["", " ", "=1+1", "a,b", "x" * 41, "a\x1b[1m"])
def test_names_of_readers(name: str):
    with pytest.raises(DistiliqaError, match="is no name of a reader"):
        reader_name(name)
    assert reader_name("  Jörg  B. ") == "Jörg B."


def test_a_study_of_other_images_or_another_way_is_refused(data: Path, tmp_path: Path):
    out = tmp_path / "out"
    Study(data, out, Asked())
    with pytest.raises(DistiliqaError, match="began with another method, pairs"):
        Study(data, out, Asked("scale"))
    with pytest.raises(DistiliqaError, match="began with another window, 350,40"):
        Study(data, out, Asked(window=Window(400, 40)))
    write_ct(data / "P0" / "f.dcm", np.zeros((32, 32)))
    with pytest.raises(DistiliqaError, match=r"not those of the study; 'P0/f.dcm' differs"):
        Study(data, out, Asked())


def test_too_few_and_too_many(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from distiliqa.serve.rating import study_design

    with pytest.raises(DistiliqaError, match="1 slices, 2 to 200 can be compared"):
        Study(data / "P0" / "f.dcm", tmp_path / "one", Asked())
    monkeypatch.setattr(study_design, "MAX_RATED", 5)
    with pytest.raises(DistiliqaError, match="6 slices, 1 to 5 can be rated"):
        Study(data, tmp_path / "many", Asked("scale"))


def test_an_image_that_has_changed_is_not_shown(data: Path, tmp_path: Path):
    study = Study(data, tmp_path / "out", Asked())
    write_ct(data / "P0" / "f.dcm", np.zeros((32, 32)))
    (changed,) = (at for at, one in enumerate(study.design.images) if one.image == "P0/f.dcm")
    with pytest.raises(
        DistiliqaError, match="has changed since the study began; put the file back"
    ):
        study.read(changed)


def test_ratings_of_the_working_directory_name_its_images(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(data)
    study = Study(Path("."), tmp_path / "out", Asked(method="scale"))
    names = {image.image for image in study.design.images}
    assert names == {path.relative_to(data).as_posix() for path in data.rglob("*.dcm")}


@pytest.mark.skipif(os.sep == "\\", reason="a backslash is part of names elsewhere")
def test_two_images_of_one_name_are_refused(data: Path, tmp_path: Path):
    write_ct(data / "P0\\f.dcm", np.zeros((32, 32)))
    with pytest.raises(DistiliqaError, match=r"data: 'P0/f.dcm' names 2 images; rename one"):
        Study(data, tmp_path / "out", Asked())
    assert not (tmp_path / "out" / "study.json").exists()


def test_the_record_of_a_study_is_on_the_disk_before_it_has_its_name(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(DistiliqaError, match="free some space"):
            Study(data, tmp_path / "out", Asked())
    assert list((tmp_path / "out").iterdir()) == []
    started, again = (Study(data, tmp_path / "out", Asked()) for _ in range(2))
    assert started.design == again.design
