"""AWS on loopback: moto's server in a process of its own, and a server that says what a test wants."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import boto3

REGION = "eu-west-1"
ACCOUNT = "123456789012"


def surroundings(monkeypatch, folder, **more):
    """Take away what this machine has for AWS, and give credentials that only a test would take."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO")) or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    own = {
        "HOME": str(folder),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in (own | more).items():
        monkeypatch.setenv(name, value)


@contextmanager
def moto():
    """Run moto's server; gives its address."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONWARNINGS"))}
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean, text=True) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise RuntimeError("".join(said))
        drain = threading.Thread(target=process.stderr.read)  # or the pipe fills, and the server stops
        drain.start()
        yield found[1]
        process.kill()  # it has nothing to lose, and takes its time to end by itself
        drain.join()


def client(service, url, region=REGION):
    """Give a client to put things in place with."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="AKIATESTTESTTESTTEST",
        aws_secret_access_key="wJalrXUtnFEMI",
    )


class Answer:
    """One answer: a status, a body, and how it is sent."""

    def __init__(self, body=b"", status=200, headers=(), *, cut=0, hang=False, endless=False, gate=None, raw=b""):
        self.body = body if isinstance(body, bytes) else body.encode()
        self.status = status
        self.headers = dict(headers)
        self.cut = cut
        """Bytes at the end that are announced and never sent."""
        self.hang = hang
        self.gate = gate
        """An event that is waited for before it is sent."""
        self.raw = raw
        """All that is sent, if anything."""
        self.endless = endless


def says(document, status=200, **options):
    """Answer in JSON."""
    return Answer(json.dumps(document), status, {"content-type": "application/x-amz-json-1.1"}, **options)


def refuses(code, message="", status=400):
    """Answer with an error of AWS's JSON protocols."""
    return says({"__type": f"com.amazonaws#{code}", "message": message}, status)


def xml(name, inner, xmlns=""):
    """Answer in XML as the query protocol does."""
    result = f"<{name}Result>{inner}</{name}Result>"
    return Answer(f'<{name}Response xmlns="{xmlns}">{result}</{name}Response>', headers={"content-type": "text/xml"})


def refuses_xml(code, message="", status=400):
    """Answer with an error of AWS's query protocol."""
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>", status)


def denies():
    """Refuse whatever is asked, in whatever protocol."""
    return Answer(refuses("AccessDeniedException", "no").body, 403, {"x-amzn-errortype": "AccessDeniedException"})


class Aws:
    """A server that answers each operation as a test says, in the order of a list, the last again and again."""

    def __init__(self, answers, host="127.0.0.1", tls=None):
        self.answers = {
            name: list(given) if isinstance(given, list | tuple) else [given] for name, given in answers.items()
        }
        self.asked = []
        """Operation and parameters of each request."""
        self.signers = []
        """Whose key each request was signed with, for which region and service."""
        self.arrived = threading.Event()
        self.over = threading.Event()
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                aws.handle(self)

            def do_GET(self):
                aws.handle(self)

            def do_HEAD(self):
                aws.handle(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            daemon_threads = False

            def handle_error(self, request, client_address):
                pass

        self.server = Server((host, 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        named = f"[{host}]" if ":" in host else host
        self.place = f"{named}:{self.server.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.place}"

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def handle(self, request):
        """Answer one request."""
        operation, params = asked(request)
        self.asked.append((operation, params))
        signed = re.search(r"Credential=(\w+)/\d+/([\w-]+)/([\w-]+)", request.headers.get("authorization", ""))
        self.signers.append(signed.groups() if signed else None)
        self.arrived.set()
        known = self.answers.get(operation) or self.answers.get("*") or [Answer("no such operation", 404)]
        self.send(known.pop(0) if len(known) > 1 else known[0], request)

    def send(self, answer, request):
        request.close_connection = True
        if answer.hang:
            self.over.wait()
            return
        if answer.gate:
            answer.gate.wait()
        if answer.raw:
            request.wfile.write(answer.raw)
            return
        request.send_response(answer.status)
        for name, value in {"x-amzn-requestid": "1", **answer.headers}.items():
            if value is not None:
                request.send_header(name, value)
        if answer.endless:
            request.end_headers()
            self.drip(request)
            return
        request.send_header("content-length", str(len(answer.body) + answer.cut))
        request.send_header("connection", "close")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(answer.body)

    def drip(self, request):
        """Send without end, until nobody listens."""
        while not self.over.is_set():
            try:
                request.wfile.write(b"x" * 2**16)
            except OSError:
                return


def asked(request):
    """Tell which operation a request is for, and with which parameters."""
    body = request.rfile.read(int(request.headers.get("content-length") or 0))
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    if b"Action=" in body:
        params = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return params.pop("Action"), params
    path = request.path.partition("?")[0]
    if "/operation/" in path:
        return path.rpartition("/")[2], body
    return f"{request.command} {path}", body
