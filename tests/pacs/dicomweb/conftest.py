"""A search of a DICOMweb server that gives the answers of a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.faulty_server import Answer, Faulty

from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import Retries

QUICK = Retries(attempts=3, first_wait_s=0.01, max_wait_s=0.01)


@pytest.fixture
def ask(faulty: Faulty) -> Callable[..., list[str]]:
    """Search a study on a server that gives these answers.

    A silent one is not waited for; others have time on a machine that is busy.
    """

    def run(*answers: Answer, credentials: Credentials = Credentials()) -> list[str]:  # noqa: B008
        faulty.answers = answers
        read_s = 0.3 if any(answer.silent_s for answer in answers) else 30.0
        server = Server(faulty.url, credentials, timeouts_s=(30.0, read_s), retries=QUICK)
        return list(server.find_series("1.2.3").rows)

    return run
