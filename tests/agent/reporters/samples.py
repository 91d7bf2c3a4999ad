"""Reports to render: small runs with everything that a report can hold, judged by the real verdict."""

from collections import Counter

import msgspec

from agent.model import Attempt, Breach, Decision, Outcome, Result, Severity
from agent.report import Entry, Place, Report, Selection
from agent.verdict import Branch, Leaf, Require, decide

DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WIKI = "https://wiki.example.com"


def look(number, at, took, outcome, reason="", **rest):
    return Attempt(
        number=number,
        started_seconds=at,
        duration_seconds=took,
        outcome=Outcome(outcome),
        reason=reason,
        **rest,
    )


def check(address, name, kind, outcome, *attempts, reason="", severity="normal", **rest):
    """A check; what a Result has goes there, the rest belongs to the Entry."""
    own = {key: rest.pop(key) for key in ("blocked_by", "retried", "waited_seconds") if key in rest}
    result = Result(address=address, outcome=Outcome(outcome), reason=reason, attempts=attempts, **own)
    return Entry(
        address=address,
        name=name,
        severity=Severity(severity),
        outcome=result.outcome,
        reason=reason,
        kind=kind,
        result=result,
        **rest,
    )


def section(address, name, *children, require="all", severity="normal", **rest):
    return Entry(
        address=address,
        name=name,
        severity=Severity(severity),
        outcome=Outcome.INCONCLUSIVE,
        require=require,
        children=children,
        **rest,
    )


def node(entry):
    """The same item as the verdict sees it."""
    if entry.result is not None:
        return Leaf(
            address=entry.address,
            name=entry.name,
            outcome=entry.outcome,
            severity=entry.severity,
            reason=entry.reason,
        )
    return Branch(
        address=entry.address,
        name=entry.name,
        children=tuple(map(node, entry.children)),
        severity=entry.severity,
        require=Require.parse(entry.require),
    )


def filled(entry, judged):
    """Put the judgement into the tree."""
    children = tuple(map(filled, entry.children, judged.children))
    return msgspec.structs.replace(
        entry, outcome=judged.outcome, reason=judged.reason, tally=judged.tally, children=children
    )


def report(root, *derivation, title="Post-deploy smoke verification", interrupted="", **rest):
    verdict = decide(node(root), cut_short=bool(interrupted))
    selection = rest.get("selection")
    part = f" for {selection.chosen} of {selection.total} checks" if selection else ""
    known = {
        "name": "post-deploy",
        "title": title,
        "subject": {"name": "shop-api", "version": "1.10.2", "environment": "production"},
        "profile_digest": DIGEST,
        "started_at": "2026-11-21T03:04:05.250000Z",
        "duration_seconds": 12.34,
        "version": "0.1.0",
        "host": "runner-7",
        "actor": "dana",
        "derivation": derivation,
    }
    tree = filled(root, verdict.root)
    return Report(
        decision=verdict.decision,
        headline=f"{verdict.decision}{part}: {title}" + f" (interrupted by {interrupted})" * bool(interrupted),
        root=tree,
        counts=dict(Counter(str(entry.outcome) for entry in tree.checks())),
        interrupted=interrupted,
        **(known | rest),
    )


HEALTH = {
    "owner": "payments",
    "runbook": f"{WIKI}/health",
    "refs": ("REQ-7", "REQ-8", "004-SMK-02"),
    "metric_refs": {"release": ("REQ-7",), "state": ("REQ-8",)},
    "place": Place("profiles/post-deploy.yaml", 23),
    "tags": ("smoke", "http"),
    "expectations": ("status: 200", "state: healthy", "release: 1.10.2", "latency_seconds: at most 500ms"),
}
CERTIFICATE = check(
    "smoke/certificate-outlives-the-release",
    "Certificate outlives the release",
    "tls",
    "waived",
    look(
        1,
        0.013,
        0.0232,
        "fail",
        "expires_in_seconds is 12d5h, expected at least 30d",
        breaches=(Breach("expires_in_seconds", "12d5h", "at least 30d"),),
        readings={"expires_in_seconds": 1054800.0, "trusted": True, "protocols": ["TLSv1.2", "TLSv1.3"]},
    ),
    reason="expires_in_seconds is 12d5h, expected at least 30d",
    waiver="dana, renewal booked, OPS-12, until 2026-12-01",
    owner="payments",
    expectations=("expires_in_seconds: at least 30d", "trusted: true", "protocols: excludes TLSv1, TLSv1.1"),
    place=Place("profiles/post-deploy.yaml", 30),
)
CDN = check(
    "smoke/cdn-serves-the-new-version",
    "CDN serves the new version",
    "http",
    "skipped",
    reason="cdn_url is '', expected matches '.'",
    place=Place("profiles/post-deploy.yaml", 41),
)
WARNED = check(
    "smoke/health",
    "Health endpoint answers with the new version",
    "http",
    "pass",
    look(
        1,
        0.012,
        0.312,
        "pass",
        readings={"status": 200, "state": "healthy", "release": "1.10.2", "latency_seconds": 0.312},
        warnings=(Breach("latency_seconds", "312ms", "at most 200ms"),),
    ),
    severity="critical",
    **HEALTH,
)
RETRIED = check(
    "smoke/orders",
    "Orders can be listed",
    "http",
    "pass",
    look(1, 0.02, 10.0, "fail", "no answer within 10s"),
    look(2, 11.03, 0.041, "pass", readings={"status": 200, "latency_seconds": 0.0413}),
    reason="passed on attempt 2 of 3",
    retried=True,
    place=Place("profiles/post-deploy.yaml", 52),
)
METRICS = section(
    "smoke/metrics",
    "Metrics are there",
    check("smoke/metrics[orders_total]", "Metrics are there [orders_total]", "prometheus.metric", "pass",
          look(1, 0.1, 0.0041, "pass", readings={"series": 3})),
    check("smoke/metrics[latency]", "Metrics are there [latency]", "prometheus.metric", "pass",
          look(1, 0.1, 0.0039, "pass", readings={"series": 12})),
)  # fmt: skip
ON_CALL = section(
    "on-call",
    "On-call",
    check(
        "on-call/somebody-is-on-call",
        "Somebody is on call",
        "api",
        "fail",
        look(
            1,
            0.2,
            0.18,
            "fail",
            "on_call is an empty list, expected present",
            breaches=(Breach("on_call", "an empty list", "to be present"),),
            readings={"status": 200, "on_call": []},
        ),
        reason="on_call is an empty list, expected to be present",
        expectations=("status: 200", "on_call: to be present"),
        owner="sre",
        place=Place("profiles/lib/pagerduty-on-call.yaml", 9),
    ),
    severity="advisory",
)

GO = report(
    section(
        "",
        "Post-deploy smoke verification",
        section("smoke", "Smoke", WARNED, CERTIFICATE, RETRIED, METRICS, CDN, require="4/5"),
        ON_CALL,
    ),
    "GO: Post-deploy smoke verification 1/1 (1 advisory), needs 1",
    "  pass: Smoke 3/4 (1 waived, 1 does not apply), needs 3",
    "  advisory, fail: On-call 0/1, needs 1",
    "    fail: Somebody is on call (on_call is an empty list, expected to be present)",
)

DOWN = check(
    "smoke/health",
    "Health endpoint answers with the new version",
    "http",
    "fail",
    look(
        1,
        0.012,
        1.204,
        "fail",
        "status is 503, expected 200; state is 'starting', expected healthy",
        breaches=(Breach("status", "503", "200"), Breach("state", "'starting'", "healthy")),
        readings={"status": 503, "state": "starting", "release": "1.10.2", "latency_seconds": 1.204},
    ),
    look(
        2,
        2.216,
        1.118,
        "fail",
        "status is 500, expected 200; release is '1.10.1', expected 1.10.2; state is absent, expected healthy;"
        " latency_seconds is 1.118s, expected at most 500ms",
        breaches=(
            Breach("status", "500", "200"),
            Breach("state", "absent", "healthy"),
            Breach("release", "'1.10.1'", "1.10.2"),
            Breach("latency_seconds", "1.118s", "at most 500ms"),
        ),
        readings={
            "status": 500,
            "state": None,
            "release": "1.10.1",
            "latency_seconds": 1.118,
            "first_byte_seconds": 1.1042,
            "size_bytes": 48213,
            "headers": {"content-type": "text/html", "x-version": "1.10.1"},
        },
        warnings=(Breach("latency_seconds", "1.118s", "at most 200ms"),),
    ),
    reason="status is 500, expected 200; release is '1.10.1', expected 1.10.2; state is absent, expected healthy;"
    " latency_seconds is 1.118s, expected at most 500ms",
    severity="critical",
    **HEALTH,
)
ROLLOUT = check(
    "smoke/rollout-is-finished",
    "Rollout is finished",
    "kubernetes.rollout",
    "fail",
    *(
        look(
            number,
            0.02 + 5 * (number - 1),
            0.2,
            "fail",
            "updated_replicas is 2, expected 3",
            breaches=(Breach("updated_replicas", "2", "3"),),
            readings={"updated_replicas": 2, "ready_replicas": 2, "replicas": 3},
        )
        for number in range(1, 59)
    ),
    look(59, 290.02, 10.0, "error", "no answer within 10s"),
    look(
        60,
        305.02,
        0.2,
        "fail",
        "updated_replicas is 2, expected 3",
        breaches=(Breach("updated_replicas", "2", "3"),),
        readings={"updated_replicas": 2, "ready_replicas": 2, "replicas": 3},
    ),
    reason="updated_replicas is 2, expected 3 (for 5m)",
    waited_seconds=305.22,
    expectations=("updated_replicas: 3",),
    owner="platform",
    runbook="ask in #platform",
    place=Place("profiles/post-deploy.yaml", 34),
)
BLIND = check(
    "smoke/error-budget-is-left",
    "Error budget is left",
    "prometheus.query",
    "error",
    look(1, 0.03, 0.002, "error", "prometheus.monitoring:9090: connection refused"),
    look(2, 1.04, 0.002, "error", "prometheus.monitoring:9090: connection refused"),
    reason="prometheus.monitoring:9090: connection refused",
    expectations=("value_ratio: at least 10%",),
    owner="sre",
    refutes=("RBK-2",),
    place=Place("profiles/post-deploy.yaml", 47),
)
LOGIN = check(
    "smoke/customer/login",
    "Log in",
    "http",
    "blocked",
    reason="changes something and is not allowed; run with --allow-active",
    place=Place("profiles/post-deploy.yaml", 55),
)
ORDERS = check(
    "smoke/customer/orders",
    "Orders",
    "http",
    "blocked",
    reason="needs smoke/customer/login, which was blocked",
    blocked_by=("smoke/customer/login",),
    place=Place("profiles/post-deploy.yaml", 60),
)
LEAD = check(
    "tech-lead-agrees",
    "Tech lead agrees",
    "attestation",
    "pending",
    reason="no signature of the role tech-lead",
    owner="tech-lead",
    runbook=f"{WIKI}/sign-off?step=1&role=tech-lead",
    place=Place("profiles/post-deploy.yaml", 70),
)

NO_GO = report(
    section(
        "",
        "Post-deploy smoke verification",
        section(
            "smoke",
            "Smoke",
            DOWN,
            CERTIFICATE,
            ROLLOUT,
            METRICS,
            BLIND,
            RETRIED,
            CDN,
            section("smoke/customer", "A customer can log in and sees the orders", LOGIN, ORDERS),
            require="7/8",
            owner="payments",
        ),
        ON_CALL,
        LEAD,
    ),
    "NO-GO: Post-deploy smoke verification 0/2 (1 undecided, 1 advisory), needs 2; critical: Smoke failed",
    "  fail: Smoke 2/7 (1 waived, 2 undecided, 1 does not apply), needs 6;"
    " critical: Health endpoint answers with the new version failed",
    "    critical, fail: Health endpoint answers with the new version (status is 500, expected 200; release is"
    " '1.10.1', expected 1.10.2; state is absent, expected healthy; latency_seconds is 1.118s, expected at most 500ms)",
    "    waived: Certificate outlives the release (expires_in_seconds is 12d5h, expected at least 30d)",
    "    fail: Rollout is finished (updated_replicas is 2, expected 3 (for 5m))",
    "    error: Error budget is left (prometheus.monitoring:9090: connection refused)",
    "    inconclusive: A customer can log in and sees the orders 0/2 (2 undecided), needs 2",
    "      blocked: Log in (changes something and is not allowed; run with --allow-active)",
    "      blocked: Orders (needs smoke/customer/login, which was blocked)",
    "  advisory, fail: On-call 0/1, needs 1",
    "    fail: Somebody is on call (on_call is an empty list, expected to be present)",
    "  pending: Tech lead agrees (no signature of the role tech-lead)",
    duration_seconds=305.4,
    description="Run right after every deployment, by the pipeline.",
)

INCONCLUSIVE = report(
    section(
        "",
        "Post-deploy smoke verification",
        section("smoke", "Smoke", WARNED, BLIND, METRICS),
        LEAD,
    ),
    "INCONCLUSIVE: Post-deploy smoke verification 0/2 (2 undecided), needs 2",
    "  inconclusive: Smoke 2/3 (1 undecided), needs 3",
    "    error: Error budget is left (prometheus.monitoring:9090: connection refused)",
    "  pending: Tech lead agrees (no signature of the role tech-lead)",
    active_allowed=True,
)

NARROWED = report(
    section(
        "",
        "Post-deploy smoke verification",
        section(
            "smoke",
            "Smoke",
            WARNED,
            check(
                "smoke/rollout-is-finished",
                "Rollout is finished",
                "kubernetes.rollout",
                "error",
                look(1, 0.02, 1.28, "error", "interrupted by SIGINT"),
                reason="interrupted by SIGINT",
                place=Place("profiles/post-deploy.yaml", 34),
            ),
            check(
                "smoke/queue-is-empty",
                "Queue is empty",
                "redis.queue",
                "error",
                reason="not started: interrupted by SIGINT",
            ),
        ),
    ),
    "INCONCLUSIVE: Post-deploy smoke verification 0/1 (1 undecided), needs 1",
    "  inconclusive: Smoke 1/3 (2 undecided), needs 3",
    "    error: Rollout is finished (interrupted by SIGINT)",
    "    error: Queue is empty (not started: interrupted by SIGINT)",
    selection=Selection(3, 203, "--section smoke --tag fast"),
    interrupted="SIGINT",
    duration_seconds=1.31,
)

EMPTY = report(section("", "Nothing"), "INCONCLUSIVE: nothing that counts was checked", title="Nothing", subject={})

SAMPLES = {"go": GO, "no-go": NO_GO, "inconclusive": INCONCLUSIVE, "narrowed": NARROWED}
DECISIONS = {
    "go": Decision.GO,
    "no-go": Decision.NO_GO,
    "inconclusive": Decision.INCONCLUSIVE,
    "narrowed": Decision.INCONCLUSIVE,
}
