"""``distiliqa listen``: a DICOM receiver that scores what is sent to it."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import CaFile, CredentialsFile, ModelOption, open_server
from distiliqa.terminal import OneLineFormatter, say


def listen(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Folder for queue, results and outbox."),
    ],
    port: Annotated[int, typer.Option(help="Port to listen at.", min=0, max=65535)] = 11112,
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0: all addresses of this machine.")
    ] = "127.0.0.1",
    aet: Annotated[
        str, typer.Option(help="Application entity title of this listener.")
    ] = "DISTILIQA",
    send: Annotated[
        str | None,
        typer.Option(metavar="AET@HOST:PORT", help="Send reports to this node by C-STORE."),
    ] = None,
    dicomweb: Annotated[
        str | None, typer.Option(metavar="URL", help="Send reports to this server by STOW-RS.")
    ] = None,
    credentials: CredentialsFile = None,
    ca_file: CaFile = None,
    model: ModelOption = "compact",
    quiet_time: Annotated[
        float,
        typer.Option(min=0, help="Seconds without a new image before a series counts as complete."),
    ] = 30.0,
) -> None:
    """Receive CT series by C-STORE, score each when it is complete, and send its report.

    A series is scored after its quiet time, also while its sender stays connected. Images that
    arrive within the next hour are scored together with the earlier ones, and the new report
    replaces the earlier report. Radiation dose reports are received too: they give the series of
    their study its dose. Reports that are refused for good go to DIR/outbox/refused.

    DICOM has no passwords, and this listener no encryption. Listen at an address other than
    127.0.0.1 only in a network of trusted senders. Others can read what --send sends, including
    names of patients. Use --dicomweb with https to prevent that.

    Ctrl-C or SIGTERM ends it. The next start continues the work.
    """
    from distiliqa.folder_lock import only_one
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
            say("stopped; the next start continues the work", err=True)


def _target(
    send: str | None, dicomweb: str | None, credentials: Path | None, ca_file: Path | None, aet: str
) -> Callable[[Path], None] | None:
    """The function that sends a report; None to keep reports here."""
    from distiliqa.pacs.listen.sender import Node

    if send is not None and dicomweb is not None:
        raise typer.BadParameter("give --send or --dicomweb, not both")
    if send is not None:
        return Node.named(send, aet).store
    if dicomweb is None:
        return None
    # The outbox retries: one attempt is enough, so that other reports do not wait long.
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
    from distiliqa.pacs.listen.received_doses import ReceivedDoses
    from distiliqa.pacs.listen.receiver import receiving
    from distiliqa.pacs.listen.scorer import Scorer
    from distiliqa.scoring.model import load_model

    outbox = None if target is None else Outbox(out / "outbox", target)
    doses = ReceivedDoses(out / "queue" / "doses")
    scorer = Scorer(out, load_model(model), outbox, doses)
    queue = Queue(out / "queue", scorer.has, (scorer.scored, scorer.failed))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    host, _, aet = address
    with receiving(queue, doses, *address) as port, sending(outbox):
        say(f"listening as {aet} at {host}:{port}", err=True)
        score_forever(queue, scorer, quiet_time)


def _log_to_screen() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(OneLineFormatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log = logging.getLogger("distiliqa")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    # Messages of libraries quote headers, which may name a patient.
    logging.getLogger().addHandler(logging.NullHandler())
    log.propagate = False
    warnings.simplefilter("ignore")
