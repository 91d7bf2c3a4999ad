"""The faults of the sample system: what each breaks, and what gonogo must then say."""

from __future__ import annotations

import msgspec

from agent.model import Decision


class Fault(msgspec.Struct, frozen=True):
    """One way to break the sample system."""

    name: str
    breaks: str
    """In a sentence, for a person."""
    decision: Decision
    check: str
    """Address of the check that must notice."""
    reason: str
    """Regular expression that its reason matches, from its beginning."""


_NO, _UNKNOWN, _GO = Decision.NO_GO, Decision.INCONCLUSIVE, Decision.GO

FAULTS = {
    fault.name: fault
    for fault in (
        Fault(
            "slow",
            "the shop takes two seconds to answer",
            _NO,
            "shop/health",
            r"latency_seconds is 2(\.\d+)?s, expected at most 1s",
        ),
        Fault(
            "wrong-version",
            "the old version is still running",
            _NO,
            "shop/health",
            r"release is '1\.4\.1', expected 1\.4\.2",
        ),
        Fault("server-error", "the shop answers 500", _NO, "shop/health", r"status is 500, expected 200"),
        Fault("hang", "the shop accepts connections and never answers", _NO, "shop/health", r"no answer within 3s"),
        Fault("garbage", "the shop answers with what is no HTTP", _NO, "shop/health", r".*127\.0\.0\.1:\d+"),
        Fault("truncated", "the shop's answers are cut short", _NO, "shop/health", r".*(cut short|closed|truncated)"),
        Fault("half-up", "one of two replicas is down", _NO, "shop/replicas[2]", r".*connection refused"),
        Fault("port-closed", "the queue's port is closed", _NO, "shop/queue", r"open is false, expected true"),
        Fault(
            "flapping", "the queue worker is up and down by turns", _NO, "shop/worker", r"worker is 'down', expected up"
        ),
        Fault(
            "expired-certificate",
            "the certificate expired yesterday",
            _NO,
            "edge/certificate",
            r"trusted is false, expected true|expires_in_seconds is -",
        ),
        Fault(
            "short-certificate",
            "the certificate ends in three days",
            _NO,
            "edge/certificate",
            r"expires_in_seconds is 2d23h, expected at least 14d",
        ),
        Fault(
            "wrong-name",
            "the certificate is for another name",
            _NO,
            "edge/certificate",
            r"name_matches is false, expected true",
        ),
        Fault(
            "untrusted-certificate",
            "the certificate is self-signed",
            _NO,
            "edge/certificate",
            r"trusted is false, expected true",
        ),
        Fault("plain-http", "the edge speaks no TLS", _NO, "edge/certificate", r".*"),
        Fault("dns-missing", "the shop's name is gone from DNS", _NO, "names/address", r"rcode is '?NXDOMAIN"),
        Fault(
            "dns-disagrees",
            "the second name server gives another address",
            _NO,
            "names/address",
            r"agree is false, expected true",
        ),
        Fault("metric-missing", "the order counter is not exposed", _NO, "evidence/metrics", r"orders is absent"),
        Fault(
            "stale-backup",
            "the newest backup is three days old",
            _NO,
            "evidence/backup",
            r"taken_age_seconds is 3d, expected at most 1d",
        ),
        Fault("backup-corrupt", "the backup's record is cut short", _NO, "evidence/backup", r".*unreadable"),
        Fault(
            "migration-pending",
            "a database migration was forgotten",
            _NO,
            "evidence/migrations",
            r"pending is '?1'?, expected 0",
        ),
        Fault("command-fails", "the migration tool fails", _NO, "evidence/migrations", r"exit_code is 3, expected 0"),
        Fault("login-broken", "nobody can log in", _NO, "customer/login", r"status is 503, expected 200"),
        Fault(
            "retry-heals", "the first answer is lost, the second comes", _GO, "shop/ready", r"passed on attempt 2 of 3"
        ),
        Fault(
            "witness-down",
            "the status page, a witness, does not answer",
            _UNKNOWN,
            "evidence/incidents",
            r".*connection refused",
        ),
        Fault("witness-denies", "the status page refuses our token", _UNKNOWN, "evidence/incidents", r"status is 403"),
        Fault(
            "secret-missing",
            "the password of the smoke-test user is not set",
            _UNKNOWN,
            "customer/login",
            r"secret DEMO_PASSWORD is missing",
        ),
    )
}
