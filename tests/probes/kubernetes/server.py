"""A small API server: what gonogo asks of a real one, answered as a real one does.

Objects are listed by namespace, label and field, page by page; who asks needs a token or a certificate, and
a Role; what is refused is refused with a `Status`.  A test may put an answer of its own before any of this.
"""

import base64
import contextlib
import fnmatch
import gzip
import json
import pickle
import re
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from probes.kubernetes.resources import KNOWN

NOW = datetime(2026, 3, 1, 11, 5, tzinfo=UTC)
"""The server's time, unless a test says otherwise."""

USER = "system:serviceaccount:ci:gonogo"


class Asked(NamedTuple):
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class Answer(NamedTuple):
    """What a test has the server say instead."""

    status: int
    body: bytes
    headers: dict[str, str] = {}


class Kind(NamedTuple):
    group: str
    version: str
    plural: str
    namespaced: bool


def status(code, reason, message, **details):
    """A `Status` as the API writes it."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    body |= {"message": message, "reason": reason, "details": details, "code": code}
    return Answer(code, json.dumps(body).encode(), {"content-type": "application/json"})


class ApiServer:
    """Lives as long as its `with`."""

    def __init__(self, host="127.0.0.1", tls=None):
        self.kinds = {kind: Kind(one.group, one.version, one.plural, one.namespaced) for kind, one in KNOWN.items()}
        self.objects = {}
        self.namespaces = {"default", "shop"}
        self.tokens = {}
        """Users by token; none: anybody may ask."""
        self.roles = None
        """Roles and ClusterRoles that everybody has; None: everything is allowed."""
        self.before = []
        """Functions of a question that may give an answer before anything else does."""
        self.asked = []
        self.version = {"major": "1", "minor": "31", "gitVersion": "v1.31.2", "platform": "linux/amd64"}
        self.now, self.host, self.tls = NOW, host, tls
        self.over = threading.Event()
        self.http = _Http((host, 0), Handler, self)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.002}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join(5)

    @property
    def port(self):
        return self.http.server_address[1]

    @property
    def place(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.place}"

    @property
    def paths(self):
        """What was asked for, without queries."""
        return [one.path for one in self.asked]

    def add(self, *objects):
        for one in objects:
            kind = self.kinds[one["kind"]]
            self.objects.setdefault((kind.group, kind.plural), []).append(one)
            if kind.namespaced:
                self.namespaces.add(one["metadata"]["namespace"])

    def say(self, pattern, answer, times=None):
        """Answer questions for this path (with `*`) so: an Answer, or a function of the question; `times` times."""
        left = [times]

        def first(asked):
            if not fnmatch.fnmatchcase(asked.path, pattern) or left[0] == 0:
                return None
            left[0] = None if left[0] is None else left[0] - 1
            return answer(asked) if callable(answer) else answer

        self.before.insert(0, first)

    def answer(self, asked):
        for first in self.before:
            if (found := first(asked)) is not None:
                return found
        user = USER
        if self.tokens:
            word, _, token = asked.headers.get("authorization", "").partition(" ")
            user = self.tokens.get(token if word.lower() == "bearer" else asked.headers.get("authorization"))
            if user is None:
                return status(401, "Unauthorized", "Unauthorized")
        return self._refusal(user, asked) or self._found(asked)

    # ---- who may do what

    def _refusal(self, user, asked):
        if self.roles is None:
            return None
        place = _Place.of(asked.path)
        verb = "get" if place is None or place.name else "list"
        if any(_allows(role, verb, asked.path, place) for role in self.roles):
            return None
        if place is None:
            return status(403, "Forbidden", f'forbidden: User "{user}" cannot get path "{asked.path}"')
        where = f'in the namespace "{place.namespace}"' if place.namespace else "at the cluster scope"
        what = place.plural + (f".{place.group}" if place.group else "")
        named = f' "{place.name}"' if place.name else ""
        said = f'{what}{named} is forbidden: User "{user}" cannot {verb} resource "{place.plural}" in API group '
        return status(403, "Forbidden", f'{said}"{place.group}" {where}', name=place.name, kind=place.plural)

    # ---- what is there

    def _found(self, asked):
        if asked.path == "/version":
            return self._json(self.version)
        if discovery := re.fullmatch(r"/api/(v1)|/apis/([^/]+)/([^/]+)", asked.path):
            return self._discovery(discovery[2] or "", discovery[1] or discovery[3])
        place = _Place.of(asked.path)
        kinds = {(kind.group, kind.version, kind.plural): name for name, kind in self.kinds.items()}
        kind = kinds.get((place.group, place.version, place.plural)) if place else None
        if kind is None:
            return Answer(404, b"404 page not found\n", {"content-type": "text/plain; charset=utf-8"})
        if place.plural == "namespaces" and place.name:
            return self._namespace(place.name)
        objects = self.objects.get((place.group, place.plural), [])
        if place.namespace:
            objects = [one for one in objects if one["metadata"]["namespace"] == place.namespace]
        return self._one(kind, place, objects) if place.name else self._list(kind, place, objects, asked)

    def _namespace(self, name):
        if name not in self.namespaces:
            return status(404, "NotFound", f'namespaces "{name}" not found', name=name, kind="namespaces")
        return self._json({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})

    def _one(self, kind, place, objects):
        for one in objects:
            if one["metadata"]["name"] == place.name:
                return self._json(one)
        what = place.plural + (f".{place.group}" if place.group else "")
        return status(
            404, "NotFound", f'{what} "{place.name}" not found', name=place.name, group=place.group, kind=place.plural
        )

    def _list(self, kind, place, objects, asked):
        chosen = [
            one
            for one in objects
            if _selected(one, asked.query.get("labelSelector", ""), _labelled)
            and _selected(one, asked.query.get("fieldSelector", ""), _has_field)
        ]
        start = json.loads(base64.b64decode(asked.query.get("continue", "") or base64.b64encode(b"0")))
        end = start + int(asked.query.get("limit", 0) or len(chosen))
        metadata = {"resourceVersion": "48300"}
        if end < len(chosen):
            metadata["continue"] = base64.b64encode(json.dumps(end).encode()).decode()
            metadata["remainingItemCount"] = len(chosen) - end
        items = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in chosen]
        version = f"{place.group}/{place.version}" if place.group else place.version
        return self._json(
            {"kind": f"{kind}List", "apiVersion": version, "metadata": metadata, "items": items[start:end]}
        )

    def _discovery(self, group, version):
        found = [(name, kind) for name, kind in self.kinds.items() if (kind.group, kind.version) == (group, version)]
        if not found:
            return Answer(404, b"404 page not found\n", {"content-type": "text/plain; charset=utf-8"})
        resources = [
            {"name": f"{kind.plural}{sub}", "singularName": name.lower(), "namespaced": kind.namespaced, "kind": name}
            for name, kind in found
            for sub in ("", "/status")
        ]
        return self._json({"kind": "APIResourceList", "groupVersion": f"{group}/{version}", "resources": resources})

    def _json(self, content):
        return Answer(200, json.dumps(content).encode(), {"content-type": "application/json"})


class _Place(NamedTuple):
    group: str
    version: str
    namespace: str
    plural: str
    name: str

    @classmethod
    def of(cls, path):
        found = re.fullmatch(
            r"(?:/api|/apis/(?P<group>[^/]+))/(?P<version>v\w+)(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
            r"/(?P<plural>[^/]+)(?:/(?P<name>[^/]+))?",
            path,
        )
        if found is None:
            return None
        parts = {key: unquote(value or "") for key, value in found.groupdict().items()}
        if parts["plural"] == "namespaces" and parts["name"]:  # the API asks for it in the namespace itself
            parts["namespace"] = parts["name"]
        return cls(**parts)


def _allows(role, verb, path, place):
    """Authorize as RBAC does."""
    if role["kind"] == "Role" and (place is None or role["metadata"].get("namespace", "shop") != place.namespace):
        return False
    for rule in role["rules"]:
        if verb not in rule["verbs"]:
            continue
        if place is None:
            if path in rule.get("nonResourceURLs", ()):
                return True
        elif (
            place.group in rule.get("apiGroups", ())
            and place.plural in rule["resources"]
            and (not rule.get("resourceNames") or place.name in rule["resourceNames"])
        ):
            return True
    return False


def _selected(one, selector, holds):
    terms = [term for term in re.split(r",(?![^(]*\))", selector) if term]
    return all(holds(one, term.strip()) for term in terms)


def _labelled(one, term):
    labels = one["metadata"].get("labels") or {}
    if among := re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", term):
        values = [value.strip() for value in among[3].split(",")]
        return (labels.get(among[1]) in values) is (among[2] == "in")
    if equal := re.fullmatch(r"([^=!]+)(=|==|!=)([^=]*)", term):
        return (labels.get(equal[1].strip()) == equal[3].strip()) is (equal[2] != "!=")
    return term[1:].strip() not in labels if term.startswith("!") else term in labels


def _has_field(one, term):
    field, operator, value = re.fullmatch(r"([^=!]+)(=|==|!=)(.*)", term).groups()
    found = one
    for part in field.split("."):
        found = found.get(part, "")
    return (found == value) is (operator != "!=")


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler, api):
        self.address_family = 10 if ":" in address[0] else 2
        self.api = api
        super().__init__(address, handler)

    def finish_request(self, request, client_address):
        if self.api.tls is None:
            super().finish_request(request, client_address)
            return
        with self.api.tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)
            with contextlib.suppress(OSError):
                secure.unwrap().close()

    def handle_error(self, request, client_address):
        """A client that hangs up is none of our errors."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        api, parts = self.server.api, urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        headers = {key.lower(): value for key, value in self.headers.items()}
        asked = Asked(parts.path, query, headers)
        api.asked.append(asked)
        answer = api.answer(asked)
        if answer is None or answer.status == 0:  # hang until the test is over
            api.over.wait()
            return
        body, more = answer.body, dict(answer.headers)
        if len(body) > 128 * 1024 and "gzip" in headers.get("accept-encoding", "") and "content-encoding" not in more:
            body = gzip.compress(body, 1)  # as the API server does with large answers
            more["content-encoding"] = "gzip"
        more.setdefault("content-length", str(len(body)))
        with contextlib.suppress(OSError):
            self.send_response(answer.status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return format_datetime(self.server.api.now, usegmt=True)

    def log_message(self, *_):
        pass


HANGS = Answer(0, b"")


@cache
def _loaded(path):
    return pickle.dumps([one for one in yaml.load_all(path.read_text(), yaml.CSafeLoader) if one])


def load(path):
    """The objects of a file of data; new ones each time."""
    return pickle.loads(_loaded(path))
