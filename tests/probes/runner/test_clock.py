"""What others say the time is, and how much of it is believed."""

import time
from email.utils import formatdate

import pytest

from agent.probe import ProbeError, Unreachable
from probes.dns.clock import Clock

from .conftest import ntp_answer, stamp

SLACK = 5.0
"""Seconds by which a busy test machine may be late."""


def http_answer(ahead=0.0, *headers):
    lines = [f"Date: {formatdate(time.time() + ahead, usegmt=True)}", *headers]
    return ("\r\n".join(["HTTP/1.1 405 Method Not Allowed", *lines]) + "\r\n\r\n").encode()


class TestNtp:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    @pytest.mark.parametrize("ahead", [0.0, 1000.0, -1000.0])
    async def test_the_offset_is_measured_either_way(self, serve_time, host, ahead):
        server = serve_time(lambda request: ntp_answer(request, ahead=ahead), host)
        offset = await Clock(ntp=server.address).compare()
        assert offset.ahead == pytest.approx(-ahead, abs=SLACK)
        assert abs(ahead) - SLACK < offset.bound < abs(ahead) + SLACK
        assert offset.bound >= abs(offset.ahead)

    async def test_the_doubt_of_the_server_counts(self, serve_time):
        server = serve_time(lambda request: ntp_answer(request, delay=100.0, doubt=30.0))
        offset = await Clock(ntp=server.address).compare()
        assert offset.bound == pytest.approx(80.0, abs=SLACK)
        assert offset.ahead == pytest.approx(0.0, abs=SLACK)

    async def test_the_time_on_the_way_counts(self, serve_time):
        def answer(request):
            late = bytearray(ntp_answer(request))
            late[32:40] = late[40:48] = stamp(time.time() - 60).to_bytes(8, "big")
            return bytes(late)

        offset = await Clock(ntp=serve_time(answer).address).compare()
        assert offset.bound >= offset.ahead == pytest.approx(60, abs=SLACK)

    async def test_a_time_after_2036_is_read(self, serve_time):
        ahead = 2_524_608_000 - time.time()  # 2050-01-01
        server = serve_time(lambda request: ntp_answer(request, ahead=ahead))
        assert (await Clock(ntp=server.address).compare()).ahead == pytest.approx(-ahead, abs=SLACK)

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            pytest.param(lambda _: b"", "0 bytes are no NTP answer", id="nothing"),
            pytest.param(lambda request: ntp_answer(request)[:47], "47 bytes are no NTP answer", id="cut short"),
            pytest.param(lambda request: request, "no answer to this NTP request", id="an echo"),
            pytest.param(lambda _: ntp_answer(bytes(48)), "no answer to this NTP request", id="to another request"),
            pytest.param(
                lambda request: ntp_answer(request, stratum=0, reference=b"RATE"),
                "refuses to tell the time ('RATE')",
                id="kiss of death",
            ),
            pytest.param(
                lambda request: ntp_answer(request, first=0xE4), "its own clock is not synchronised", id="leap 3"
            ),
            pytest.param(
                lambda request: ntp_answer(request, stratum=16), "its own clock is not synchronised", id="stratum 16"
            ),
            pytest.param(
                lambda request: ntp_answer(request)[:32] + bytes(16), "its own clock is not synchronised", id="no time"
            ),
            pytest.param(
                lambda request: ntp_answer(request)[:40] + stamp(0).to_bytes(8, "big"),
                "its own clock is not synchronised",
                id="sent before it was received",
            ),
        ],
    )
    async def test_what_is_no_answer_is_not_taken_for_one(self, serve_time, answer, said):
        server = serve_time(answer)
        with pytest.raises(Unreachable) as caught:
            await Clock(ntp=server.address).compare()
        assert str(caught.value) == f"{server.address}: {said}"

    async def test_a_closed_port(self):
        with pytest.raises(Unreachable) as caught:
            await Clock(ntp="127.0.0.1:1").compare()
        assert str(caught.value) == "127.0.0.1:1: connection refused"

    async def test_a_request_tells_nothing_about_this_machine(self, serve_time):
        requests = []

        def answer(request):
            requests.append(request)
            return ntp_answer(request)

        server = serve_time(answer)
        for _ in range(2):
            await Clock(ntp=server.address).compare()
        assert [request[:40] for request in requests] == [b"\x23" + bytes(39)] * 2
        assert requests[0][40:] != requests[1][40:]


class TestHttp:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    @pytest.mark.parametrize("ahead", [0.0, 1000.0, -1000.0])
    async def test_the_offset_is_measured_either_way(self, serve_web, host, ahead):
        server = serve_web(lambda: http_answer(ahead), host)
        offset = await Clock(http=f"http://{server.address}/health?full=1").compare()
        assert offset.ahead == pytest.approx(-ahead, abs=SLACK)
        assert abs(ahead) - SLACK < offset.bound < abs(ahead) + SLACK
        assert offset.bound >= max(0.5, abs(offset.ahead))
        assert server.requests == [
            f"HEAD /health?full=1 HTTP/1.1\r\nHost: {server.address}\r\n"
            "Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
        ]

    async def test_over_tls(self, serve_web, certified, ca):
        server = serve_web(http_answer, tls=certified)
        offset = await Clock(http=f"https://{server.address}", ca=ca).compare()
        assert offset.bound < SLACK

    async def test_a_certificate_that_is_not_trusted(self, serve_web, certified):
        server = serve_web(http_answer, tls=certified)
        with pytest.raises(Unreachable) as caught:
            await Clock(http=f"https://{server.address}").compare()
        assert str(caught.value) == (
            f"{server.address}: certificate not accepted: unable to get local issuer certificate"
        )

    async def test_authorities_that_are_not_there(self, tmp_path):
        path = tmp_path / "none.pem"
        with pytest.raises(ProbeError) as caught:
            await Clock(http="https://127.0.0.1:1", ca=str(path)).compare()
        assert str(caught.value) == f"{path}: no such file or directory, expected a PEM file"

    async def test_answers_before_the_answer(self, serve_web):
        server = serve_web(lambda: b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20 + http_answer())
        assert (await Clock(http=f"http://{server.address}").compare()).bound < SLACK

    async def test_a_date_without_a_zone_is_utc(self, serve_web):
        date = time.strftime("%a, %d %b %Y %H:%M:%S -0000", time.gmtime())
        server = serve_web(f"HTTP/1.1 200 OK\r\nDate: {date}\r\n\r\n".encode())
        assert (await Clock(http=f"http://{server.address}").compare()).bound < 60

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            pytest.param(b"", "closed without an answer", id="nothing"),
            pytest.param(b"HTTP/1.1 200 OK\r\nDate: Tue", "closed without an answer", id="cut short"),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", "the answer has no Date header", id="no date"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nDate: now\r\n\r\n", "the Date header is 'now'", id="no date that can be read"
            ),
            pytest.param(
                lambda: http_answer(0.0, "Age: 120"), "the answer comes from a cache (Age: '120')", id="cached"
            ),
            pytest.param(
                b"HTTP/1.1 103 Early Hints\r\n\r\n" * 21, "more than 20 1xx answers", id="no end of early answers"
            ),
            pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "what came is no HTTP answer", id="another protocol"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000,
                "what came is no HTTP answer",
                id="a header without end",
            ),
        ],
    )
    async def test_what_is_no_answer_is_not_taken_for_one(self, serve_web, answer, said):
        server = serve_web(answer)
        with pytest.raises(Unreachable) as caught:
            await Clock(http=f"http://{server.address}").compare()
        assert str(caught.value) == f"{server.address}: {said}"

    async def test_a_closed_port(self):
        with pytest.raises(Unreachable) as caught:
            await Clock(http="http://127.0.0.1:1/").compare()
        assert str(caught.value) == "127.0.0.1:1: connection refused"
