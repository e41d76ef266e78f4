"""``distiliqa listen``: a DICOM receiver that scores what is sent to it."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.dicomweb import CaFile, CredentialsFile, open_server
from distiliqa.terminal import OneLineFormatter, say


def listen(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Queue, results and outbox.")
    ],
    port: Annotated[int, typer.Option(help="Port to listen at.", min=0, max=65535)] = 11112,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 hears other machines too.")
    ] = "127.0.0.1",
    aet: Annotated[str, typer.Option(help="Our application entity title.")] = "DISTILIQA",
    send: Annotated[
        str | None, typer.Option(metavar="AET@HOST:PORT", help="Send reports there by C-STORE.")
    ] = None,
    dicomweb: Annotated[
        str | None, typer.Option(metavar="URL", help="Send reports there by STOW-RS.")
    ] = None,
    credentials: CredentialsFile = None,
    ca_file: CaFile = None,
    model: Annotated[
        str, typer.Option(metavar="NAME|FOLDER", help="A shipped model or a model folder.")
    ] = "compact",
    quiet_time: Annotated[
        float, typer.Option(min=0, help="A series is complete after so many seconds of quiet.")
    ] = 30.0,
) -> None:
    """Receive CT series by C-STORE, score each when it is complete, and send its report.

    A series is scored after its quiet time, whether or not its sender stays connected. What comes
    of it within the next hour is scored together with the rest, and the new report names the one
    that it replaces. Reports that are refused for good go to DIR/outbox/refused.

    DICOM has no passwords and here no encryption: listen at other than this machine's own address
    only in a network where each sender may send. What --send sends, names of patients too, can be
    read on the way; --dicomweb with https cannot.

    Ends with Ctrl-C or SIGTERM, and goes on where it was when it is started again.
    """
    from distiliqa.files import only_one
    from distiliqa.pacs import check_extra

    check_extra()
    from distiliqa.pacs.identifiers import checked_aet

    aet = checked_aet(aet)
    target = _target(send, dicomweb, credentials, ca_file, aet)
    _log_to_screen()
    with only_one(out, "listener"):
        try:
            _serve(out, model, target, (host, port, aet), quiet_time)
        except KeyboardInterrupt:
            say("stopped; what is not done goes on at the next start", err=True)


def _target(
    send: str | None, dicomweb: str | None, credentials: Path | None, ca_file: Path | None, aet: str
) -> Callable[[Path], None] | None:
    """What sends a report; None where it is not to be sent."""
    from distiliqa.pacs.listen.sender import Node

    if send is not None and dicomweb is not None:
        raise typer.BadParameter("give --send or --dicomweb, not both")
    if send is not None:
        return Node.named(send, aet).store
    if dicomweb is None:
        return None
    # The outbox tries again: one attempt is enough, and other reports do not wait long for it.
    return open_server(dicomweb, credentials, ca_file, attempts=1, max_s=30.0).store


def _serve(
    out: Path,
    model: str,
    target: Callable[[Path], None] | None,
    address: tuple[str, int, str],
    quiet_time: float,
) -> None:
    from distiliqa.pacs.listen.listener import score_forever, sending
    from distiliqa.pacs.listen.outbox import Outbox
    from distiliqa.pacs.listen.queue import Queue
    from distiliqa.pacs.listen.receiver import receiving
    from distiliqa.pacs.listen.scorer import Scorer
    from distiliqa.scoring.model import load_model

    outbox = None if target is None else Outbox(out / "outbox", target)
    scorer = Scorer(out, load_model(model), outbox)
    queue = Queue(out / "queue", scorer.has, (scorer.scored, scorer.failed))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    host, _, aet = address
    with receiving(queue, *address) as port, sending(outbox):
        say(f"listening as {aet} at {host}:{port}", err=True)
        score_forever(queue, scorer, quiet_time)


def _log_to_screen() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log = logging.getLogger("distiliqa")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    # Others quote the header that they complain of, and a log is no place for a patient.
    logging.getLogger().addHandler(logging.NullHandler())
    log.propagate = False
    warnings.simplefilter("ignore")
