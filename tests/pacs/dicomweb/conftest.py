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
    """Search a study on a server that gives these answers."""

    def run(*answers: Answer, credentials: Credentials = Credentials()) -> list[str]:  # noqa: B008
        faulty.answers = answers
        server = Server(faulty.url, credentials, timeouts_s=(0.5, 0.3), retries=QUICK)
        return list(server.find_series("1.2.3").rows)

    return run
