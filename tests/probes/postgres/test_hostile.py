"""Servers that are none, that say nothing, and that say too much."""

import os

import anyio
import psutil
import pytest

from agent.probe import ProbeError, Unknown, Unreachable
from probes.postgres.connection import ConnectionProbe
from probes.postgres.facts import FACTS
from probes.postgres.migration import MigrationProbe
from probes.postgres.query import QueryProbe

from .server import ENCODING, LET_IN, PASSWORD, READY, VERSION, WELCOME, answering, error, message, row, startup


def says(*parts):
    """Behave like something that hears a client out and says this."""

    def behave(connection, _over):
        startup(connection)
        for part in parts:
            connection.sendall(part)

    return behave


def hangs(connection, over):
    over.wait()


def hangs_after(*answers):
    def behave(connection, over):
        answering(*answers)(connection, over)
        over.wait()

    return behave


def drips(connection, over):
    startup(connection)
    for byte in WELCOME * 1000:
        connection.sendall(bytes([byte]))
        if over.wait(0.02):
            return


async def trouble(kind, probe):
    with pytest.raises(kind) as caught:
        await probe.measure()
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        pytest.param(says(), "server closed the connection unexpectedly", id="closes"),
        pytest.param(
            says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "expected authentication request from server, but received H",
            id="speaks-http",
        ),
        pytest.param(
            says(b"\xff" * 100), "expected authentication request from server, but received \ufffd", id="garbage"
        ),
        pytest.param(
            says(message("R", b"\0\0\0\x63")), "authentication method 99 not supported", id="unknown-authentication"
        ),
        pytest.param(says(WELCOME[:12]), "server closed the connection unexpectedly", id="cut-short"),
    ],
)
async def test_what_is_no_postgresql(impostor, behave, said):
    server = impostor(behave)
    kind = ProbeError if "not supported" in said else Unreachable
    assert await trouble(kind, ConnectionProbe(dsn=server.dsn())) == f"127.0.0.1:{server.port}: {said}"


@pytest.mark.parametrize(
    ("severity", "code", "words", "kind"),
    [
        pytest.param("FATAL", "57P03", "the database system is starting up", Unreachable, id="starts"),
        pytest.param("FATAL", "57P03", "das Datenbanksystem startet", Unreachable, id="starts-in-german"),
        pytest.param("ВАЖНО", "53300", "извините, уже слишком много клиентов", Unreachable, id="full-in-russian"),
        pytest.param("FATAL", "28P01", "Passwort-Authentifizierung fehlgeschlagen", ProbeError, id="denied-in-german"),
        pytest.param("FATAL", "3D000", "la base de données « shop » n'existe pas", Unreachable, id="gone-in-french"),
        pytest.param("FATAL", "P0001", "who knows", ProbeError, id="says-anything"),
    ],
)
async def test_a_server_that_refuses_in_any_language(impostor, severity, code, words, kind):
    server = impostor(says(error(severity, code, words)))
    assert await trouble(kind, ConnectionProbe(dsn=server.dsn())) == f"127.0.0.1:{server.port}: {words}"


async def test_words_that_would_move_the_cursor_are_made_harmless_and_cut(impostor):
    server = impostor(says(error("FATAL", "57P03", "the database system is \x1b[2J\x07" + "x" * 1000)))
    said = await trouble(Unreachable, ConnectionProbe(dsn=server.dsn()))
    assert said == f"127.0.0.1:{server.port}: the database system is ?[2J?{'x' * 272}"


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(hangs, id="before-anything"),
        pytest.param(drips, id="a-byte-at-a-time"),
        pytest.param(hangs_after(), id="before-the-first-answer"),
        pytest.param(hangs_after(row(b"1")), id="before-the-second-answer"),
    ],
)
async def test_a_server_that_hangs_is_left_at_once_and_nothing_stays_open(impostor, behave):
    server = impostor(behave)
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await ConnectionProbe(dsn=server.dsn()).measure()
        assert scope.cancelled_caught
    assert connections(server.port) == 0


def connections(port):
    """How many connections of this process lead to a port."""
    return sum(1 for one in psutil.Process().net_connections("tcp") if one.raddr and one.raddr.port == port)


@pytest.mark.parametrize(("told", "missing"), [(VERSION, "client_encoding"), (ENCODING, "server_version")])
async def test_a_server_that_does_not_say_what_each_one_does(impostor, told, missing):
    server = impostor(says(LET_IN + told + READY))
    assert await trouble(Unreachable, ConnectionProbe(dsn=server.dsn())) == (
        f"127.0.0.1:{server.port}: is no PostgreSQL: it reports no {missing}"
    )


async def test_a_server_that_ends_the_session_has_failed(impostor):
    def ends(connection, over):
        startup(connection)
        connection.sendall(WELCOME)
        connection.recv(65536)

    server = impostor(ends)
    said = await trouble(Unreachable, ConnectionProbe(dsn=server.dsn()))
    assert said == f"127.0.0.1:{server.port}: server closed the connection unexpectedly"


async def test_a_server_that_ends_the_session_after_the_first_answer_has_failed(impostor):
    def ends(connection, _over):
        startup(connection)
        connection.sendall(WELCOME)
        connection.recv(65536)
        connection.sendall(row(b"1"))
        connection.recv(65536)

    server = impostor(ends)
    said = await trouble(Unreachable, ConnectionProbe(dsn=server.dsn()))
    assert said == f"127.0.0.1:{server.port}: server closed the connection unexpectedly"


async def test_a_server_that_answers_something_else_leaves_its_figures_unknown(impostor):
    server = impostor(answering(row(b"1"), row(b"1")))
    reading = await ConnectionProbe(dsn=server.dsn()).measure()
    odd = Unknown("the server answers something else than it was asked")
    assert {name: getattr(reading, name) for name in FACTS} == dict.fromkeys(FACTS, odd)
    assert (reading.connected, reading.version) == (True, "18.0")


async def test_a_server_that_does_not_know_the_question_leaves_its_figures_unknown(impostor):
    refusal = error("ERROR", "42P01", 'relation "pg_stat_activity" does not exist') + message("Z", b"I")
    server = impostor(answering(row(b"1"), refusal))
    reading = await ConnectionProbe(dsn=server.dsn()).measure()
    assert reading.replicas == Unknown('the server does not tell: relation "pg_stat_activity" does not exist')


def flood(kind, body):
    """Send one message over and over."""

    def parts(over):
        while not over.is_set():
            yield message(kind, body) * 100

    return parts


COLUMN = message("T", b"\0\1x\0" + bytes(18))
CELL = b"\0\1\0\0\x10\0" + b"x" * 4096


def endless_rows(over):
    yield COLUMN
    yield from flood("D", CELL)(over)


def one_huge_value(over):
    yield COLUMN + b"D" + (2**30).to_bytes(4, "big") + b"\0\1" + (2**30 - 10).to_bytes(4, "big")
    while not over.is_set():
        yield b"x" * 65536


@pytest.mark.parametrize("answer", [endless_rows, one_huge_value], ids=["endless-rows", "one-huge-value"])
async def test_an_endless_answer_to_a_simple_question_is_a_failure(impostor, answer):
    server = impostor(answering(answer))
    assert await trouble(Unreachable, ConnectionProbe(dsn=server.dsn())) == (
        f"127.0.0.1:{server.port}: sends more than 8388608 bytes in answer to simple questions"
    )


async def test_an_endless_answer_to_a_query_is_an_error(impostor):
    done = message("C", b"BEGIN\0") + message("Z", b"T")
    server = impostor(answering(done, message("1", b"") + message("Z", b"T"), endless_rows))
    assert await trouble(ProbeError, QueryProbe(dsn=server.dsn(), query="SELECT 1", limit=100000)) == (
        f"127.0.0.1:{server.port}: the answer has more than 100000 bytes: ask for less, or raise limit"
    )


async def test_an_answer_that_is_not_text_is_an_error(impostor):
    answers = [message("C", b"BEGIN\0"), message("1", b""), row(b"\xff")]
    server = impostor(answering(answers[0] + message("Z", b"T"), answers[1] + message("Z", b"T"), answers[2]))
    said = await trouble(ProbeError, QueryProbe(dsn=server.dsn(), query="SELECT 1"))
    assert said == f"127.0.0.1:{server.port}: the answer is not UTF-8"


async def test_an_endless_table_of_migrations_is_a_failure(impostor):
    server = impostor(answering(endless_rows))
    assert await trouble(Unreachable, MigrationProbe(dsn=server.dsn(), tool="knex", head="1")) == (
        f"127.0.0.1:{server.port}: the table of migrations has more than 8388608 bytes"
    )


async def test_endless_chatter_before_there_is_a_session_is_a_failure(impostor):
    def chatters(connection, over):
        startup(connection)
        connection.sendall(message("R", bytes(4)))
        for part in flood("N", b"SNOTICE\0C00000\0M" + b"x" * 1000 + b"\0\0")(over):
            connection.sendall(part)

    server = impostor(chatters)
    assert await trouble(Unreachable, ConnectionProbe(dsn=server.dsn())) == (
        f"127.0.0.1:{server.port}: sends more than 1048576 bytes before there is a session"
    )


async def test_a_machine_without_a_trace_does_not_guess(impostor, monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    server = impostor(says(error("FATAL", "57P03", "das Datenbanksystem startet")))
    said = await trouble(ProbeError, ConnectionProbe(dsn=server.dsn()))
    assert said == f"127.0.0.1:{server.port}: das Datenbanksystem startet"
