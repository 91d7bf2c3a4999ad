"""`aws.queue`: a queue of SQS, and where its dead letters go."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from agent.probe import Need, Unknown, Unreachable
from probes.aws.queue import QueueProbe, QueueReading

from .cloud import ACCOUNT, refuses, says

URL = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/orders"
ATTRIBUTES = {
    "ApproximateNumberOfMessages": "3",
    "ApproximateNumberOfMessagesNotVisible": "2",
    "ApproximateNumberOfMessagesDelayed": "1",
    "MessageRetentionPeriod": "1209600",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
}
POLICY = {"deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders-dead", "maxReceiveCount": 5}


def points(*values):
    return says(
        {
            "Label": "x",
            "Datapoints": [{"Timestamp": 1700000000 + n, "Maximum": value} for n, value in enumerate(values)],
        }
    )


def attributes(**more):
    return says({"Attributes": ATTRIBUTES | more})


async def test_a_queue_with_dead_letters(moto, make):
    sqs = make("sqs")
    dead = sqs.create_queue(QueueName="orders-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "5"})
    url = sqs.create_queue(
        QueueName="orders", Attributes={"RedrivePolicy": policy, "MessageRetentionPeriod": "1209600"}
    )["QueueUrl"]
    for _ in range(2):
        sqs.send_message(QueueUrl=dead, MessageBody="lost")
    reading = await QueueProbe(url=url, endpoint_url=moto).measure()
    assert reading == QueueReading(
        reachable=True,
        depth=0,
        in_flight=0,
        delayed=0,
        oldest_age_seconds=0.0,
        dead_letter=True,
        dead_letters=2,
        max_receives=5,
        retention_seconds=1209600,
        visibility_timeout_seconds=30,
        encrypted=reading.encrypted,
        fifo=False,
    )
    assert await QueueProbe(name="orders", endpoint_url=moto).measure() == reading


async def test_messages_wait(moto, make):
    sqs, cloudwatch = make("sqs"), make("cloudwatch")
    url = sqs.create_queue(QueueName="waiting.fifo", Attributes={"FifoQueue": "true", "KmsMasterKeyId": "alias/shop"})[
        "QueueUrl"
    ]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId=str(number))
    probe = QueueProbe(url=url, endpoint_url=moto)
    reading = await probe.measure()
    assert (reading.depth, reading.dead_letter, reading.dead_letters, reading.max_receives) == (3, False, None, None)
    assert (reading.fifo, reading.encrypted) == (True, True)
    assert reading.oldest_age_seconds == Unknown(
        "CloudWatch has no ApproximateAgeOfOldestMessage for it of the last five minutes"
    )
    metric = {"MetricName": "ApproximateAgeOfOldestMessage", "Value": 90.0}
    where = {"Dimensions": [{"Name": "QueueName", "Value": "waiting.fifo"}]}
    when = {"Timestamp": datetime.now(UTC) - timedelta(minutes=1)}
    cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[metric | where | when])
    assert (await probe.measure()).oldest_age_seconds == 90.0


async def test_there_is_no_such_queue(moto):
    gone = QueueReading(reachable=False)
    assert await QueueProbe(url=f"{moto}/{ACCOUNT}/none", endpoint_url=moto).measure() == gone
    assert await QueueProbe(name="none", endpoint_url=moto).measure() == gone


async def test_the_oldest_age_is_the_highest_of_late(serve):
    aws = serve({"GetQueueAttributes": attributes(), "GetMetricStatistics": points(10, 70.5, 30)})
    reading = await QueueProbe(url=URL, endpoint_url=aws.url).measure()
    assert reading.oldest_age_seconds == 70.5
    asked = dict(aws.asked)["GetMetricStatistics"]
    assert (asked["Dimensions"], asked["Period"]) == ([{"Name": "QueueName", "Value": "orders"}], 60)


async def test_who_may_not_ask_cloudwatch_learns_all_else(serve):
    aws = serve({"GetQueueAttributes": attributes(), "GetMetricStatistics": refuses("AccessDenied", "no")})
    assert await QueueProbe(url=URL, endpoint_url=aws.url).measure() == QueueReading(
        reachable=True,
        depth=3,
        in_flight=2,
        delayed=1,
        oldest_age_seconds=Unknown("CloudWatch cannot be asked: cloudwatch:GetMetricStatistics is not allowed: no"),
        dead_letter=False,
        dead_letters=None,
        max_receives=None,
        retention_seconds=1209600,
        visibility_timeout_seconds=30,
        encrypted=True,
        fifo=False,
    )


async def test_a_dead_letter_queue_that_may_not_be_asked(serve):
    aws = serve(
        {
            "GetQueueAttributes": attributes(RedrivePolicy=json.dumps(POLICY)),
            "GetQueueUrl": refuses("AccessDenied", "no"),
            "GetMetricStatistics": points(1),
        }
    )
    reading = await QueueProbe(url=URL, endpoint_url=aws.url).measure()
    assert reading.dead_letter is True
    assert reading.dead_letters == Unknown(
        "its dead-letter queue orders-dead cannot be asked: sqs:GetQueueUrl is not allowed: no"
    )


async def test_a_dead_letter_queue_that_was_deleted_is_none(serve):
    aws = serve(
        {
            "GetQueueAttributes": attributes(RedrivePolicy=json.dumps(POLICY)),
            "GetQueueUrl": refuses("QueueDoesNotExist", "no"),
            "GetMetricStatistics": points(1),
        }
    )
    reading = await QueueProbe(url=URL, endpoint_url=aws.url).measure()
    assert (reading.dead_letter, reading.dead_letters, reading.max_receives) == (False, None, 5)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (says({"Attributes": {}}), "sqs answers without ApproximateNumberOfMessages"),
        (says({}), "sqs answers without ApproximateNumberOfMessages"),
        (attributes(ApproximateNumberOfMessagesDelayed="-1"), "sqs answers without ApproximateNumberOfMessagesDelayed"),
        (attributes(MessageRetentionPeriod="long"), "sqs answers without MessageRetentionPeriod"),
        (attributes(RedrivePolicy="{"), "sqs answers with a RedrivePolicy that cannot be read"),
        (attributes(RedrivePolicy="[]"), "sqs answers with a RedrivePolicy that cannot be read"),
        (
            attributes(RedrivePolicy='{"deadLetterTargetArn": "x", "maxReceiveCount": 1}'),
            "sqs answers with a RedrivePolicy that cannot be read",
        ),
    ],
)
async def test_an_answer_without_what_was_asked_for_is_none(serve, answer, message):
    aws = serve({"GetQueueAttributes": answer, "GetMetricStatistics": points(1)})
    with pytest.raises(Unreachable) as caught:
        await QueueProbe(url=URL, endpoint_url=aws.url).measure()
    assert str(caught.value) == message


async def test_a_name_without_a_url_is_no_answer(serve):
    aws = serve({"GetQueueUrl": says({"Nothing": 1})})
    with pytest.raises(Unreachable) as caught:
        await QueueProbe(name="orders", endpoint_url=aws.url).measure()
    assert str(caught.value) == "sqs answers without the URL of the queue"


def test_rights():
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
    assert QueueProbe(url=URL).permissions() == (
        Need("aws", "cloudwatch:GetMetricStatistics", "*"),
        Need("aws", "sqs:GetQueueAttributes", queue),
        Need("aws", "sqs:GetQueueAttributes", "arn:aws:sqs:eu-west-1:*:*"),
        Need("aws", "sqs:GetQueueUrl", "arn:aws:sqs:eu-west-1:*:*"),
    )
    assert (
        Need("aws", "sqs:GetQueueUrl", "arn:aws-cn:sqs:cn-north-1:*:orders")
        in QueueProbe(name="orders", region="cn-north-1").permissions()
    )
