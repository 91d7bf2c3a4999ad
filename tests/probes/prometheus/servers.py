"""Real servers for the tests: Prometheus with a past, Prometheus with targets and rules, Alertmanager."""

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import httpx

HOUR = 3600


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def until(look):
    """Look until the answer is yes; the test's time limit ends it else."""
    while not (found := look()):
        Event().wait(0.02)
    return found


class Program:
    """A server of its own, in a folder of its own, on a port that was free."""

    def __init__(self, command, place):
        self.place, self.command = place, command
        self.client = httpx.Client(trust_env=False, verify=False, timeout=10)
        while True:
            self.port = free_port()
            if self._start():
                return

    def _start(self):
        """Start, unless somebody else took the port meanwhile."""
        command = [word.replace("PORT", str(self.port)) for word in self.command]
        with (self.place / "log").open("w") as log:
            self.process = subprocess.Popen(command, cwd=self.place, stdout=log, stderr=log)
        until(lambda: self.process.poll() is not None or self._answers())
        taken = self.process.poll() is not None
        assert not taken or "address already in use" in (self.place / "log").read_text()
        return not taken

    def _answers(self):
        with suppress(httpx.HTTPError):
            return self.get("/-/ready").status_code == 200
        return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def get(self, path, **params):
        return self.client.get(f"{self.url}{path}", params=params)

    def post(self, path, document):
        answer = self.client.post(f"{self.url}{path}", json=document)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self):
        self.client.close()
        self.process.kill()
        self.process.wait()


def prometheus(place, config, *flags):
    (place / "prometheus.yml").write_text(config)
    return Program(
        [
            shutil.which("prometheus"),
            "--config.file=prometheus.yml",
            "--web.listen-address=127.0.0.1:PORT",
            "--storage.tsdb.path=data",
            "--storage.tsdb.retention.time=60d",
            "--log.level=error",
            *flags,
        ],
        place,
    )


def alertmanager(place, config):
    (place / "alertmanager.yml").write_text(config)
    return Program(
        [
            shutil.which("prometheus-alertmanager"),
            "--config.file=alertmanager.yml",
            "--web.listen-address=127.0.0.1:PORT",
            "--cluster.listen-address=",
            "--storage.path=data",
            "--log.level=error",
        ],
        place,
    )


def past(place, now):
    """Write what a Prometheus had been told before the tests began, and is told by the time they end."""
    lines = [
        line
        for name, labels, begin, end, step, value in _SERIES
        for line in _samples(f"{name}{{{labels}}}", now + begin, now + end, step, value)
    ]
    (place / "past.txt").write_text("\n".join(lines) + "\n# EOF\n")
    command = [shutil.which("promtool"), "tsdb", "create-blocks-from", "openmetrics", "past.txt", "data"]
    subprocess.run(command, cwd=place, check=True, capture_output=True)


def _samples(series, begin, end, step, value):
    return (f"{series} {value(time - begin)} {time}" for time in range(begin, end, step))


_SERIES = (
    # name, labels, first and last second from now, step, value by seconds since the first
    ("orders_total", 'app="shop",code="200"', -2 * HOUR, HOUR, 15, lambda age: age),
    ("orders_total", 'app="shop",code="404"', -2 * HOUR, HOUR, 15, lambda age: 2 * age),
    ("orders_total", 'app="pay",code="200"', -2 * HOUR, HOUR, 15, lambda age: age),
    ("queue_length", 'queue="mail"', -2 * HOUR, HOUR, 15, lambda _: 7),
    ("latency_seconds_bucket", 'le="+Inf"', -2 * HOUR, HOUR, 15, lambda age: age),
    ("latency_seconds_count", "", -2 * HOUR, HOUR, 15, lambda age: age),
    ("young", "", -5 * 60, HOUR, 15, lambda _: 1),
    ("lazy", "", -2 * HOUR, -30 * 60, 15, lambda _: 5),
    ("gone", 'app="shop"', -6 * HOUR, -3 * HOUR, 60, lambda _: 1),
    ("moved", 'app="shop"', -6 * HOUR, -3 * HOUR, 60, lambda _: 1),
    ("moved", 'app="new"', -2 * HOUR, HOUR, 60, lambda _: 1),
    ("ancient", "", -20 * 24 * HOUR, -20 * 24 * HOUR + 600, 60, lambda _: 1),
)


PAGE = """\
# HELP orders_total Orders.
# TYPE orders_total counter
orders_total{app="shop"} 12
# TYPE queue_length gauge
queue_length{queue="mail"} 7
queue_length{queue="sms"} 0
"""


class Exporter:
    """Something to be scraped; knows how often it was."""

    def __init__(self):
        exporter, self.scrapes, self.twice = self, 0, Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.send_header("content-length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE.encode())
                exporter.scrapes += 1
                if exporter.scrapes > 1:
                    exporter.twice.set()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


LIVE = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: {{cluster: one}}
rule_files: [rules.yml]
alerting:
  alertmanagers: [{{static_configs: [{{targets: ['{manager}']}}]}}]
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ['{exporter}'], labels: {{team: payments}}}}]
  - job_name: dead
    params: {{token: [very-secret]}}
    static_configs: [{{targets: ['{dead}']}}]
  - job_name: never
    scrape_interval: 30d
    scrape_timeout: 30d
    static_configs: [{{targets: ['{exporter}']}}]
  - job_name: dropped
    static_configs: [{{targets: ['{exporter}']}}]
    relabel_configs: [{{source_labels: [job], regex: dropped, action: drop}}]
"""

RULES = """\
groups:
  - name: shop
    rules:
      - alert: TargetDown
        expr: up == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.job }} is down", runbook_url: "https://wiki.example.com/down"}
      - alert: QueueLong
        expr: sum(queue_length)by(queue)>0.50e1
        for: 300s
        labels: {severity: warning}
      - alert: QueueLong
        expr: queue_length > 5
        labels: {severity: "{{ $labels.queue }}"}
      - alert: Misspelt
        expr: rate(odrers_total[5m]) > 0
        labels: {severity: info}
      - alert: Gone
        expr: absent(orders_total{app="nobody"}) > 2
        labels: {severity: info}
      - record: job:up:sum
        expr: sum by (job) (up)
  - name: strange
    rules:
      - alert: Ambiguous
        expr: up * on (team) group_left () queue_length > 0 or on () label_replace(up, "job", "x", "", "")
        labels: {severity: page, strange: "yes"}
      - record: nothing:sum
        expr: sum(nothing)
  - name: meta
    rules:
      - alert: Watchdog
        expr: vector(1)
"""

ROUTES = """
global: {smtp_smarthost: 'localhost:25', smtp_from: a@b.c, slack_api_url: 'http://127.0.0.1:1/x'}
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1h
  routes:
    - match: {severity: critical}
      receiver: pager
      continue: true
      routes:
        - matchers: ['team=~"pay.*|shop"', 'env!="dev"']
          receiver: payments
          mute_time_intervals: [night]
    - match_re: {severity: critical|warn.*}
      receiver: chat
    - matchers: ['{comma="a, b", digits=~"a\\\\d+", quote!="\\"", back=~"x\\\\\\\\y"}']
      receiver: odd
    - matchers: [none=""]
      match: {deep: "1"}
      routes:
        - {match: {deeper: "1"}, continue: true}
        - {match: {deeper: "1"}, receiver: pager}
receivers:
  - name: default
    email_configs: [{to: ops-team@example.com}]
  - name: pager
    pagerduty_configs: [{service_key: very-secret}]
  - name: payments
    pagerduty_configs: [{service_key: very-secret}]
    webhook_configs: [{url: 'http://user:very-secret@127.0.0.1:1/hook'}]
  - name: chat
    slack_configs: [{channel: '#alerts'}]
  - name: odd
inhibit_rules:
  - {source_matchers: ['severity="critical"'], target_matchers: ['severity="mail"']}
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]
"""


class Live:
    """Prometheus that scrapes, evaluates and alerts; ready when each has happened."""

    def __init__(self, place: Path, manager):
        self.exporter = Exporter()
        self.held = socket.socket()
        self.held.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else gets it
        self.dead = f"127.0.0.1:{self.held.getsockname()[1]}"
        (place / "rules.yml").write_text(RULES)
        config = LIVE.format(
            manager=manager.url.removeprefix("http://"), exporter=self.exporter.address, dead=self.dead
        )
        self.manager, self.rules = manager, place / "rules.yml"
        self.program = prometheus(place, config)
        self.url = self.program.url

    def wait(self):
        """Wait until everything was scraped and evaluated, and Alertmanager has heard of it."""
        self.exporter.twice.wait()
        until(self._evaluated)
        until(lambda: {alert["labels"]["alertname"] for alert in self._delivered()} >= {"TargetDown", "QueueLong"})
        return self

    def _evaluated(self):
        groups = self.program.get("/api/v1/rules").json()["data"]["groups"]
        rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
        return rules["TargetDown"]["alerts"] and rules["Ambiguous"]["health"] == "err"

    def _delivered(self):
        return self.manager.get("/api/v2/alerts").json()

    def close(self):
        self.program.close()
        self.exporter.close()
        self.held.close()


def history(place):
    """Make a Prometheus that knows a past, and a future in which tests may take their time."""
    past(place, int(time.time()))
    return prometheus(place, "scrape_configs: []\n", "--query.lookback-delta=1h")
