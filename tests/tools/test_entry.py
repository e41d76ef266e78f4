from __future__ import annotations

import pytest
from tools.entry import run

from distiliqa.errors import DistiliqaError


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (DistiliqaError("is empty", path="a.yaml", remedy="fill it"), "a.yaml: is empty; fill it"),
        (KeyboardInterrupt(), "interrupted; run again to go on"),
    ],
)
def test_an_error_or_an_interruption_is_one_line(raised: BaseException, line: str) -> None:
    def main() -> None:
        raise raised

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert str(ended.value).removeprefix("error: ") == line


def test_success_ends_nothing() -> None:
    run(lambda: None)
