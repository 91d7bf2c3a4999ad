"""What a server that only pretends to be Prometheus says."""

import json

from tests.probes.http.server import response


def answer(document, status=200, **headers):
    return response(status, json.dumps(document).encode(), **{"content-type": "application/json", **headers})


def success(data, **more):
    return answer({"status": "success", "data": data, **more})


def failure(status, kind, error):
    return answer({"status": "error", "errorType": kind, "error": error}, status)


def instant(*series):
    """Make a vector of pairs of labels and value."""
    return {
        "resultType": "vector",
        "result": [{"metric": labels, "value": [1000.5, str(value)]} for labels, value in series],
    }
