"""The benchmarks: process start to exit, each beside the bare loop that does the same work.

Figures depend on the machine and on what else it does; ratios are what counts.  Nothing is asserted here:
the table says what was asked for and what came out.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import trustme

from agent.findings import Findings
from agent.plan.bind import Asked, bind
from tests.bench.measure import Cost, once, typical

PYTHON = sys.executable
GONOGO = [PYTHON, "-m", "agent", "run", "--quiet"]
TIMES = 7


class Ports(NamedTuple):
    http: int
    slow: int
    https: int
    endless: int


class Bench:
    """Prints a row for each measurement."""

    def __init__(self, place: Path, ports: Ports, environment: dict[str, str]) -> None:
        self.place = place
        self.ports = ports
        self.environment = environment

    def row(self, what: str, came: str, asked: str) -> None:
        print(f"{what:58}  {came:>34}  {asked}", flush=True)

    def profile(self, count: int, url: str, **policy: str) -> Path:
        """Write a profile of many checks of one URL."""
        path = self.place / f"{count}-{abs(hash((url, *policy.items())))}.yaml"
        extra = "".join(f", {key}: {value}" for key, value in policy.items())
        checks = "\n".join(
            f"  - {{name: Check {number}, http: {{url: '{url}?{number}', json: {{release: version}}}}, "
            f"expect: {{release: 1.4.2}}{extra}}}"
            for number in range(count)
        )
        head = "name: bench\nconcurrency: {total: 1000, per_target: 1000}\n"
        path.write_text(f"{head}checks:\n{checks}\n")
        return path

    def gonogo(self, path: Path, times: int = TIMES, report: str = "text") -> Cost:
        return typical([*GONOGO, str(path), "--report", report], times, self.environment)

    # ---- what the issue asks for

    def start_up(self) -> Cost:
        base = typical([PYTHON, "-m", "tests.bench.loops", "imports"], TIMES)
        http = self.gonogo(self.profile(1, f"http://127.0.0.1:{self.ports.http}/"))
        https = self.gonogo(self.profile(1, f"https://localhost:{self.ports.https}/"))
        self.row("imports of a plain HTTP run", f"{base.wall * 1000:.0f} ms wall, {base.cpu * 1000:.0f} ms CPU", "")
        for name, cost, limit in (("one HTTP check", http, 1.4), ("one HTTPS check, the system's CAs", https, 1.6)):
            came = f"{cost.wall / base.wall:.2f} x wall, {cost.cpu / base.cpu:.2f} x CPU"
            self.row(f"{name}, start to exit", came, f"at most {limit} x")
        return base

    def many_slow(self, base: Cost) -> None:
        path = self.profile(1000, f"http://127.0.0.1:{self.ports.slow}/", timeout="300ms")
        report = self.place / "slow.json"
        cost = self.gonogo(path, 3)
        once([*GONOGO, str(path), "--report", f"json:{report}"], self.environment)
        said = json.loads(report.read_bytes())
        took = sorted(
            check["result"]["attempts"][-1]["readings"]["first_byte_seconds"] for check in said["root"]["children"]
        )
        self.row(
            "1,000 HTTP checks, answers after 100 ms",
            f"{cost.wall - base.wall:.2f} s above the imports",
            "at most 1.0 s",
        )
        self.row(
            "  their first byte, 99th percentile",
            f"{took[989] * 1000:.1f} ms (median {took[499] * 1000:.1f})",
            "at most 110 ms",
        )
        self.row("  false failures at a timeout of 300 ms", f"{1000 - said['counts'].get('pass', 0)}", "none")

    def many(self, name: str, url: str, ca: str | None, limits: tuple[float, float]) -> None:
        rest = [url, "1000", *([ca] if ca else [])]
        empty = typical([PYTHON, "-m", "tests.bench.loops", "streams", url, "0", *([ca] if ca else [])], 3)
        bare = typical([PYTHON, "-m", "tests.bench.loops", "streams", *rest], 5)
        none = typical([PYTHON, "-m", "tests.bench.loops", "probes", url, "1", *([ca] if ca else [])], 3)
        kind = typical([PYTHON, "-m", "tests.bench.loops", "probes", *rest], 5)
        one = self.gonogo(self.profile(1, url), 3)
        whole = self.gonogo(self.profile(1000, url), 5)
        per = bare.cpu - empty.cpu
        self.row(f"1,000 {name} checks, bare asyncio streams", f"{per:.2f} ms CPU a request", "")
        self.row("  the kind alone", f"{(kind.cpu - none.cpu) / per:.2f} x CPU", f"at most {limits[0]} x")
        self.row(
            "  with engine, verdict and report", f"{(whole.cpu - one.cpu) / per:.2f} x CPU", f"at most {limits[1]} x"
        )

    def growth(self) -> None:
        url = f"http://127.0.0.1:{self.ports.http}/"
        costs = [once([*GONOGO, str(self.profile(count, url))], self.environment) for count in (1000, 5000, 10_000)]
        for count, cost in zip((1000, 5000, 10_000), costs, strict=True):
            came = f"{cost.cpu / count * 1000:.2f} ms CPU a check, {cost.memory:.0f} MiB"
            self.row(f"{count:,} HTTP checks", came, "linear, under 150 MiB")

    def hostile(self) -> None:
        url = f"http://127.0.0.1:{self.ports.endless}/"
        path = self.place / "endless.yaml"
        path.write_text(f"name: endless\nchecks:\n  - {{name: Endless, http: {{url: '{url}'}}}}\n")
        cost = once([*GONOGO, str(path)], self.environment)
        self.row(
            "a body that never ends", f"{cost.wall:.2f} s, {cost.memory:.0f} MiB, exit {cost.code}", "its limit, exit 1"
        )

    def binding(self) -> None:
        path = self.profile(1000, "http://127.0.0.1:1/")
        bind((self.profile(1, "http://127.0.0.1:1/"),), Asked(now=datetime.now(UTC)))  # imports the kind
        taken = []
        for _ in range(5):
            before = time.process_time()
            bind((path,), Asked(now=datetime.now(UTC)), Findings())
            taken.append(time.process_time() - before)
        self.row("loading and binding 1,000 checks", f"{statistics.median(taken):.3f} s CPU", "under 0.3 s")


@contextmanager
def running(place: Path) -> Iterator[tuple[Ports, str, dict[str, str]]]:
    """Start the server; give its ports, its CA, and an environment in which the system trusts that as well."""
    authority = trustme.CA()
    identity, ca, system = place / "identity.pem", place / "ca.pem", place / "system.pem"
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(identity)
    authority.cert_pem.write_to_path(ca)
    known = Path("/etc/ssl/certs/ca-certificates.crt")
    system.write_bytes((known.read_bytes() if known.exists() else b"") + ca.read_bytes())
    server = subprocess.Popen([PYTHON, "-m", "tests.bench.server", str(identity)], stdout=subprocess.PIPE, text=True)
    try:
        ports = Ports(*map(int, server.stdout.readline().split()))
        yield ports, str(ca), {"SSL_CERT_FILE": str(system)}
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (ports, ca, environment):
        bench = Bench(Path(folder), ports, environment)
        base = bench.start_up()
        bench.many_slow(base)
        bench.many("HTTP", f"http://127.0.0.1:{ports.http}/", None, (4.0, 6.0))
        bench.many("HTTPS", f"https://localhost:{ports.https}/", ca, (2.0, 2.5))
        bench.growth()
        bench.hostile()
        bench.binding()


if __name__ == "__main__":
    main()
