"""Every operation of every service that botocore knows: nothing that changes something is let through."""

import re

import pytest

from probes.aws import models
from probes.aws.readonly import refused

CHANGES = re.compile(
    r"(Abort|Accept|Activate|Add|Allocate|Apply|Approve|Assign|Associate|Assume|Attach|Authorize|Cancel|Change|Claim|"
    r"Close|Complete|Configure|Confirm|Connect|Copy|Create|Deactivate|Decline|Decrypt|Delete|Deploy|Deprecate|"
    r"Deregister|Detach|Disable|Disassociate|Enable|Encrypt|Execute|Export|Failover|Generate|Import|Initiate|Install|"
    r"Invite|Invoke|Issue|Join|Leave|Modify|Move|Pause|Poll|Post|Promote|Provision|Publish|Purchase|Purge|Put|Reboot|"
    r"Rebuild|Receive|Redeem|Refresh|Register|Reject|Release|Remove|Renew|Replace|Request|Reset|Resize|Resolve|Restart|"
    r"Restore|Resume|Retire|Retry|Revoke|Rollback|Rotate|Run|Schedule|Send|Set|Sign|Split|Start|Stop|Submit|Subscribe|"
    r"Suspend|Swap|Switchover|Sync|Tag|Terminate|Transfer|Unassign|Undeploy|Unsubscribe|Untag|Update|Upgrade|Upload|"
    r"Wipe|Write)[A-Z]"
)


@pytest.fixture(scope="module")
def allowed():
    services = [models.service(name) for name in models.loader().list_available_services("service-2")]
    return [
        (service.service_name, operation)
        for service in services
        for operation in map(service.operation_model, service.operation_names)
        if not refused(operation, {})
    ]


def test_thousands_of_operations_may_be_asked(allowed):
    services = {service for service, _ in allowed}
    assert len(allowed) > 5000
    assert {"ec2", "rds", "s3", "elbv2", "sqs", "ecr", "kms", "wafv2", "iam", "acm", "route53"} <= services


def test_none_is_named_for_a_change(allowed):
    assert [f"{service}:{operation.name}" for service, operation in allowed if CHANGES.match(operation.name)] == []


def test_none_is_sent_as_a_change(allowed):
    assert {operation.http["method"] for _, operation in allowed} <= {"GET", "HEAD", "POST"}


def test_none_hands_out_a_stream(allowed):
    assert not any(operation.has_streaming_output or operation.has_event_stream_output for _, operation in allowed)


def test_none_gives_credentials_of_aws_in_the_open(allowed):
    found = [f"{service}:{operation.name}" for service, operation in allowed if opens(service, operation.output_shape)]
    assert found == []


def opens(service, output):
    """Tell whether an answer has the secret half of a key that AWS does not mark as sensitive."""
    shapes = models.description(service)["shapes"]
    left, seen = [output.name] if output else [], set()
    while left:
        name = left.pop()
        shape = shapes[name]
        if name in seen or shape.get("sensitive"):
            continue
        seen.add(name)
        members = {key: member["shape"] for key, member in shape.get("members", {}).items()}
        if any(key.lower() == "secretaccesskey" and not shapes[one].get("sensitive") for key, one in members.items()):
            return True
        left += [*members.values(), *(shape[key]["shape"] for key in ("member", "value") if key in shape)]
    return False
