"""Every operation of every service that botocore knows: nothing that changes something is let through."""

import json
import re
import subprocess
import sys

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


def test_of_all_operations_only_those_that_look_are_let_through():
    done = subprocess.run([sys.executable, "-m", "tests.probes.aws.sweep"], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    allowed = told.pop("allowed")
    assert len(allowed) > 5000
    services = {one.partition(":")[0] for one in allowed}
    assert {"ec2", "rds", "s3", "elbv2", "sqs", "ecr", "kms", "wafv2", "iam", "acm", "route53"} <= services
    assert [one for one in allowed if CHANGES.match(one.partition(":")[2])] == []
    assert told == {"methods": ["GET", "HEAD", "POST"], "streams": [], "keys": []}
