"""The kind `aws.queue`: a queue of SQS, and where its dead letters go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from anyio import to_thread
from msgspec import Meta

from agent.probe import Need, ProbeError, Reading, Unknown, Unreachable, Value, checked
from probes.aws import arns, iam
from probes.aws.arns import Arn
from probes.aws.failures import NotThere
from probes.aws.service import Service, listed
from probes.aws.settings import AwsSettings

__all__ = ["QueueProbe", "QueueReading"]

_WINDOW = timedelta(minutes=5)
"""How far back CloudWatch is asked; SQS reports once a minute, and a minute or two late."""

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class QueueReading(Reading, frozen=True):
    """What SQS says of a queue; all else is absent when it is not reachable."""

    reachable: bool
    """Whether there is such a queue and it answers."""
    depth: int | None = None
    """Messages that wait to be received; approximate, as SQS has it."""
    in_flight: int | None = None
    """Messages that were received and not deleted yet."""
    delayed: int | None = None
    """Messages that may not be received yet."""
    oldest_age_seconds: float | Unknown | None = None
    """Age of the oldest message, from CloudWatch (`ApproximateAgeOfOldestMessage`, its highest value of the last five
    minutes); 0 when the queue is empty. Unknown while CloudWatch has no value, or may not be asked."""
    dead_letter: bool | None = None
    """Whether it has a dead-letter queue that exists."""
    dead_letters: int | Unknown | None = None
    """Messages waiting there; absent without one, unknown where that queue may not be asked."""
    max_receives: int | None = None
    """How often a message is received before it goes there; absent without a dead-letter queue."""
    retention_seconds: float | None = None
    """How long a message is kept."""
    visibility_timeout_seconds: float | None = None
    """How long a received message is hidden from others."""
    encrypted: bool | None = None
    """Whether it is encrypted at rest, by SQS or by a key in KMS."""
    fifo: bool | None = None
    """Whether it keeps the order."""


class QueueProbe(AwsSettings, frozen=True, kw_only=True):
    """Ask SQS about a queue; nothing is received from it."""

    defaults = {"reachable": "true"}

    url: Annotated[str, checked(arns.queue_of)] | None = None
    """URL of the queue."""

    name: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    """Name of the queue, instead of the URL, in the account of the credentials."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        super().__post_init__()
        if (self.url is None) == (self.name is None):
            raise ValueError("give either url or name")

    async def measure(self) -> QueueReading:
        """Ask, in a thread."""
        return await to_thread.run_sync(self._look, abandon_on_cancel=True)

    def services(self) -> tuple[Service, ...]:
        """List SQS, and CloudWatch, which alone knows ages."""
        region = arns.queue_of(self.url).region if self.url else ""
        return self.reach("sqs", region), self.reach("cloudwatch", region)

    def needs(self) -> tuple[Need, ...]:
        """List the rights on the queue; those on its dead-letter queue are for any, since its name is not known."""
        queue = arns.queue_of(self.url) if self.url else Arn("", "sqs", "", "", self._name())
        region = self.region or queue.region
        own = arns.written("sqs", region, queue.account, queue.resource)
        others = arns.written("sqs", region, "", "*")
        by_name = (iam.need("sqs:GetQueueUrl", own),) if self.name else ()
        return (
            *by_name,
            iam.need("cloudwatch:GetMetricStatistics"),
            iam.need("sqs:GetQueueAttributes", own),
            iam.need("sqs:GetQueueAttributes", others),
            iam.need("sqs:GetQueueUrl", others),
        )

    def _name(self) -> str:
        return arns.queue_of(self.url).resource if self.url else str(self.name)

    def _look(self) -> QueueReading:
        sqs, cloudwatch = self.services()
        try:
            found = _attributes(sqs, self.url or _url(sqs, {"QueueName": self.name}))
        except NotThere:
            return QueueReading(reachable=False)
        depth, in_flight, delayed = (_number(found, key) for key in _COUNTS)
        policy = _redrive(found)
        dead_letter, dead_letters = _dead_letters(sqs, policy)
        return QueueReading(
            reachable=True,
            depth=depth,
            in_flight=in_flight,
            delayed=delayed,
            oldest_age_seconds=_age(cloudwatch, self._name()) if depth or in_flight or delayed else 0.0,
            dead_letter=dead_letter,
            dead_letters=dead_letters,
            max_receives=policy.maxReceiveCount if policy else None,
            retention_seconds=_number(found, "MessageRetentionPeriod"),
            visibility_timeout_seconds=_number(found, "VisibilityTimeout"),
            encrypted=bool(found.get("KmsMasterKeyId")) or found.get("SqsManagedSseEnabled") == "true",
            fifo=found.get("FifoQueue") == "true",
        )


def _url(sqs: Service, params: Mapping[str, Value]) -> str:
    url = sqs.ask("GetQueueUrl", params).document.get("QueueUrl")
    if not url:
        raise Unreachable("sqs answers without the URL of the queue")
    return str(url)


def _attributes(sqs: Service, url: str) -> dict[str, str]:
    answer = sqs.ask("GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]}).document
    attributes: dict[str, str] = answer.get("Attributes") or {}
    if missing := [key for key in _COUNTS if not str(attributes.get(key)).isdecimal()]:
        raise Unreachable(f"sqs answers without {missing[0]}")
    return attributes


def _number(attributes: Mapping[str, str], key: str) -> int:
    text = str(attributes.get(key))
    if not text.isdecimal():
        raise Unreachable(f"sqs answers without {key}")
    return int(text)


class _Redrive(msgspec.Struct, frozen=True):
    """RedrivePolicy, as SQS writes it."""

    deadLetterTargetArn: str  # noqa: N815  SQS's name for it
    maxReceiveCount: int  # noqa: N815  SQS's name for it


def _redrive(attributes: Mapping[str, str]) -> _Redrive | None:
    """Give where dead letters go; None when they go nowhere."""
    text = attributes.get("RedrivePolicy")
    if not text:
        return None
    try:
        policy = msgspec.json.decode(text, type=_Redrive, strict=False)  # the number comes as text, or as one
        arns.arn(policy.deadLetterTargetArn, "sqs")
    except ValueError as error:
        raise Unreachable("sqs answers with a RedrivePolicy that cannot be read") from error
    return policy


def _dead_letters(sqs: Service, policy: _Redrive | None) -> tuple[bool, int | Unknown | None]:
    """Tell whether there is a dead-letter queue, and how many wait in it."""
    if policy is None:
        return False, None
    queue = arns.arn(policy.deadLetterTargetArn)
    try:
        url = _url(sqs, {"QueueName": queue.resource, "QueueOwnerAWSAccountId": queue.account})
        return True, _number(_attributes(sqs, url), _COUNTS[0])
    except NotThere:
        return False, None
    except (ProbeError, Unreachable) as error:
        return True, Unknown(f"its dead-letter queue {queue.resource} cannot be asked: {error}")


def _age(cloudwatch: Service, name: str) -> float | Unknown:
    """Ask CloudWatch for the age of the oldest message."""
    now = datetime.now(UTC)
    params = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": name}],
        "StartTime": now - _WINDOW,
        "EndTime": now,
        "Period": 60,
        "Statistics": ["Maximum"],
    }
    try:
        points = listed(cloudwatch.ask("GetMetricStatistics", params).document, "Datapoints")
    except (NotThere, ProbeError, Unreachable) as error:
        return Unknown(f"CloudWatch cannot be asked: {error}")
    ages = [float(point["Maximum"]) for point in points if "Maximum" in point]
    if not ages:
        return Unknown("CloudWatch has no ApproximateAgeOfOldestMessage for it of the last five minutes")
    return max(ages)
