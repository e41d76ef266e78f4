"""A study that runs: the next question for each reader, and their answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from threading import RLock
from typing import NamedTuple

import numpy as np

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.errors import DistiliqaError, quoted
from distiliqa.readers.rating_rows import FACTS, plain
from distiliqa.serve.rating.answer_log import Entry, append, has_answers, read_log
from distiliqa.serve.rating.rating_files import write_ratings
from distiliqa.serve.rating.study_design import Asked, Design, open_design
from distiliqa.serve.slice_pixels import Since, read_slice
from distiliqa.statistics.next_pair import next_pair
from distiliqa.statistics.paired_comparisons import FIRST, SECOND, Answer, Qualities, qualities_of

MAX_READERS = 100
HIGHEST = 4  # of the scale: excellent
BEGAN = Since("the study began", "put the file back, or begin another study in another --out")
_NAME = re.compile(r"\w[\w .-]{0,39}")


class Question(NamedTuple):
    """What a reader is asked.

    Attributes
    ----------
    number : int
        How many the reader has answered.
    whole : int
        How many there are for a reader.
    images : tuple[int, ...]
        Two to compare, one to rate; empty at the end.
    """

    number: int
    whole: int
    images: tuple[int, ...]


class Study:
    """A study. Several threads, and so several readers, may use it at the same time.

    Parameters
    ----------
    data : Path
        The images, see `distiliqa.ct.index_ct`.
    folder : Path
        Where design, answers and ratings are kept; a study that is there goes on.
    asked : Asked
        How to rate.

    Raises
    ------
    DistiliqaError
        Too few or too many images, another study in the folder, or one that cannot be read.
    """

    def __init__(self, data: Path, folder: Path, asked: Asked) -> None:
        self.folder = folder
        self.design, self._slices = open_design(data, folder, asked)
        self._entries = read_log(folder)
        _check_entries(self._entries, self.design, folder)
        self._asked: dict[str, Question] = {}
        self._found: dict[str | None, Qualities] = {}
        self._lock = RLock()

    @property
    def readers(self) -> list[str]:
        """Those who have answered, in the order of their first answer."""
        return list(dict.fromkeys(entry.reader for entry in self._entries))

    def question(self, name: str) -> Question:
        """The next question of a reader; a reload gives the same one."""
        reader = reader_name(name)
        with self._lock:
            known = self.readers
            if reader not in known and len(known) >= MAX_READERS:
                raise DistiliqaError(
                    f"{MAX_READERS} readers take part already",
                    remedy="continue under a name that has begun, or start another study",
                )
            if reader not in self._asked:
                self._asked[reader] = self._next(reader)
            return self._asked[reader]

    def answer(self, name: str, shown: Sequence[int], answer: int) -> None:
        """Keep an answer to the question that shows these images.

        Raises
        ------
        DistiliqaError
            Another question is asked by now, the answer is none of the choices, or a full disk.
        """
        reader = reader_name(name)
        with self._lock:
            self._check_shown(reader, shown)
            if not shown:
                raise DistiliqaError("all questions are answered")
            if answer not in self.choices:
                raise DistiliqaError("no such answer", remedy="choose one of those shown")
            self._keep(Entry(reader, tuple(shown), answer, _now()))

    def take_back(self, name: str, shown: Sequence[int]) -> None:
        """Ask the question before the one that shows these images again.

        Raises
        ------
        DistiliqaError
            Nothing was answered yet, another question is asked by now, or a full disk.
        """
        reader = reader_name(name)
        with self._lock:
            own = self._own(reader)
            if not own:
                raise DistiliqaError("nothing was answered yet")
            self._check_shown(reader, shown)
            self._keep(Entry(reader, own[-1].images, None, _now()))
            self._asked[reader] = Question(len(own) - 1, self.design.comparisons, own[-1].images)

    def _check_shown(self, reader: str, shown: Sequence[int]) -> None:
        """Raise `DistiliqaError` unless a reader saw what is asked now.

        Not by its number: the question of a number may be another one after "Back" in a second
        window, or after a new start of the server.
        """
        if tuple(shown) != self.question(reader).images:
            raise DistiliqaError("another question is asked by now, perhaps in another window")

    @property
    def choices(self) -> range:
        """The answers that can be given."""
        is_pair = self.design.method == "pairs"
        return range(SECOND, FIRST + 1) if is_pair else range(HIGHEST + 1)

    def read(self, index: int) -> CTSlice:
        """The pixels of an image. Raises `DistiliqaError` where it has gone or changed."""
        if not 0 <= index < len(self._slices):
            raise DistiliqaError("no such image")
        info: SliceInfo = self._slices[index]
        return read_slice(info.path, info.frame, self.design.images[index].sha256, BEGAN)

    def write(self) -> None:
        """Write the ratings by all answers until now; before the first answer there are none.

        Raises
        ------
        DistiliqaError
            The disk is full, or the folder cannot be written.
        """
        with self._lock:
            if has_answers(self.folder):
                write_ratings(self.folder, self.design, self._entries, self._qualities)

    def _keep(self, entry: Entry) -> None:
        append(self.folder, entry)
        if entry.answer is None:
            latest = [at for at, one in enumerate(self._entries) if one.reader == entry.reader]
            del self._entries[latest[-1]]
        else:
            self._entries.append(entry)
        self._asked.pop(entry.reader, None)
        for key in (None, entry.reader):
            self._found.pop(key, None)

    def _own(self, reader: str) -> list[Entry]:
        return [entry for entry in self._entries if entry.reader == reader]

    def _next(self, reader: str) -> Question:
        own, design = self._own(reader), self.design
        images: tuple[int, ...] = ()
        if len(own) < design.comparisons:
            ask = self._pair if design.method == "pairs" else self._unrated
            images = ask(own, reader)
        return Question(len(own), design.comparisons, images)

    def _pair(self, own: Sequence[Entry], reader: str) -> tuple[int, ...]:
        generator = self._generator(reader, len(self._entries), len(own))
        seen = {frozenset(entry.images) for entry in own}
        just_shown = own[-1].images if own else ()
        return next_pair(self._qualities(None), generator, seen, just_shown) or ()

    def _unrated(self, own: Sequence[Entry], reader: str) -> tuple[int, ...]:
        rated = {entry.images[0] for entry in own}
        order = self._generator(reader).permutation(len(self.design.images))
        return next(((int(image),) for image in order if image not in rated), ())

    def _generator(self, reader: str, *state: int) -> np.random.Generator:
        """Of a random order that is the reader's own."""
        return np.random.default_rng([self.design.seed, *state, *reader.encode()])

    def _qualities(self, reader: str | None) -> Qualities:
        """What the answers of one reader, or of all, say of the images."""
        if reader not in self._found:
            names = self.readers if reader is None else [reader]
            answers = [
                Answer(names.index(entry.reader), *_two(entry.images), entry.answer or 0)
                for entry in self._entries
                if entry.reader in names
            ]
            self._found[reader] = qualities_of(answers, len(self.design.images), len(names))
        return self._found[reader]


def reader_name(text: str) -> str:
    """The name of a reader, which is a column of the ratings.

    Raises
    ------
    DistiliqaError
        It is empty, too long, or has a meaning of its own in a table of ratings.
    """
    name = " ".join(text.split())
    if plain(name) in FACTS:
        raise DistiliqaError(
            f"{quoted(name)} is the name of another column of the ratings", remedy="give another"
        )
    if _NAME.fullmatch(name) is None:
        raise DistiliqaError(
            f"{quoted(name)} is no name of a reader",
            remedy="give 1 to 40 letters, digits, spaces, dots or hyphens",
        )
    return name


def _two(images: tuple[int, ...]) -> tuple[int, int]:
    first, second = images
    return first, second


def _check_entries(entries: Sequence[Entry], design: Design, folder: Path) -> None:
    images, width = len(design.images), 2 if design.method == "pairs" else 1
    for entry in entries:
        if len(entry.images) != width or not all(0 <= at < images for at in entry.images):
            raise DistiliqaError(
                "the answers are not those of this study", path=folder, remedy="give another --out"
            )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
