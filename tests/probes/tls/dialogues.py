"""Small faithful servers for what is said before TLS."""

import re


async def expect(stream, pattern):
    """Read until a whole command has come, and see that it is the one that the RFC has."""
    heard = b""
    while not re.fullmatch(pattern, heard, re.DOTALL):
        heard += await stream.receive()
        assert len(heard) < 4096
    return heard


async def smtp(stream):
    await stream.send(b"220-mail.example ESMTP\r\n220 be polite\r\n")
    await expect(stream, rb"EHLO [\w.]+\r\n")
    await stream.send(b"250-mail.example\r\n250-SIZE 10000\r\n250-STARTTLS\r\n250 HELP\r\n")
    await expect(stream, rb"STARTTLS\r\n")
    await stream.send(b"220 2.0.0 Ready to start TLS\r\n")


async def ftp(stream):
    await stream.send(b"220-Welcome\r\n  to 220 files\r\n220\r\n")
    await expect(stream, rb"AUTH TLS\r\n")
    await stream.send(b"234 AUTH TLS OK\r\n")


async def imap(stream):
    await stream.send(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
    tag = (await expect(stream, rb"\w+ STARTTLS\r\n")).split()[0]
    await stream.send(b"* NO the disk is nearly full\r\n" + tag + b" OK begin TLS\r\n")


async def pop3(stream):
    await stream.send(b"+OK ready\r\n")
    await expect(stream, rb"STLS\r\n")
    await stream.send(b"+OK begin TLS\r\n")


async def postgres(stream):
    await expect(stream, rb"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    await stream.send(b"S")


START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"


async def ldap(stream):
    """As OpenLDAP answers, with the name of the response and in the short form."""
    await expect(stream, re.escape(START_TLS))
    name = b"\x8a\x16" + b"1.3.6.1.4.1.1466.20037"
    response = b"\x0a\x01\x00\x04\x00\x04\x00" + name
    await stream.send(bytes([0x30, 5 + len(response), 2, 1, 1, 0x78, len(response)]) + response)


async def ldap_at_length(stream):
    """As Active Directory answers, with lengths of four octets."""
    await expect(stream, re.escape(START_TLS))
    await stream.send(bytes.fromhex("30840000001002010178840000000" + "70a010004000400"))


async def xmpp(stream):
    await expect(stream, rb".*<stream:stream [^>]*to='localhost'[^>]*>")
    await stream.send(
        b"<?xml version='1.0'?><stream:stream id='1' xmlns='jabber:client'"
        b" xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>"
        b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
    )
    await expect(stream, rb"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await stream.send(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")


FAITHFUL = {
    "smtp": smtp,
    "ftp": ftp,
    "imap": imap,
    "pop3": pop3,
    "postgres": postgres,
    "ldap": ldap,
    "xmpp": xmpp,
}


def saying(*turns):
    """Make a server that says something, waits for a word after each, and closes."""

    async def talk(stream):
        for turn in turns:
            await stream.send(turn)
            await stream.receive()

    return talk
