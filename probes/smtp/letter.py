"""A message as it is sent: its form, its headers, and its lines as SMTP wants them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated
from uuid import uuid4

import msgspec

from agent.probe import checked

__all__ = ["Letter", "Mailbox", "address", "message_id", "written"]

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Za-z:.]+\])"
)
"""A mailbox (RFC 5321 section 4.1.2) without quotes; others would need SMTPUTF8."""

_POLICY = SMTP.clone(cte_type="7bit")
"""CRLF, and lines that any server takes, whatever its extensions."""


def address(text: str) -> str:
    """Check an address of mail.  Raises ValueError."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no address, expected something like smoke@example.com")
    return text


Mailbox = Annotated[str, checked(address)]
"""A setting that is an address of mail."""


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message to one mailbox."""

    sender: Mailbox = msgspec.field(name="from")
    """Who it is from, also in the envelope: failures to deliver it go there."""
    to: Mailbox
    """Whom it is for."""
    subject: str = "gonogo"
    """Its subject."""
    body: str = "This message was sent by gonogo to see whether it is accepted.\n"
    """Its text."""

    def __post_init__(self) -> None:
        address(self.sender)
        address(self.to)
        if any(character < " " or character == "\x7f" for character in self.subject):
            raise ValueError("the subject holds a line break or a control character")


def message_id(letter: Letter) -> str:
    """Make the identifier of one sending, under the domain of its sender."""
    return f"<gonogo.{uuid4().hex}@{letter.sender.rpartition('@')[2]}>"


def written(letter: Letter, identifier: str) -> bytes:
    """Write a message as it follows DATA: dots doubled, and the end marked (RFC 5321 section 4.5.2)."""
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"], message["Subject"] = letter.sender, letter.to, letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = identifier
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice shall answer it
    message.set_content(letter.body)
    lines = message.as_bytes().split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"
