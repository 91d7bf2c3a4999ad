"""What `gonogo plan --permissions` says of the fragments: enough, and no more."""

import re

from agent.cli import invoke

PROFILE = """\
name: small
defaults: {aws: {region: eu-west-1}}
checks:
  - {name: Database, include: gonogo:aws/rds, vars: {instance: orders}}
  - {name: Encryption key, include: gonogo:aws/kms, vars: {kms_key: alias/shop}}
  - {name: Image, include: gonogo:aws/ecr-image, vars: {repository: shop, tag: 1.4.2, digest: sha256:0}}
  - name: Bucket is locked
    aws.call:
      service: s3
      operation: get_object_lock_configuration
      params: {Bucket: audit}
      json: {lock: ObjectLockConfiguration.ObjectLockEnabled}
    expect: {lock: Enabled}
  - name: Queue of another account
    aws.queue: {url: https://sqs.eu-west-1.amazonaws.com/210987654321/orders, role_arn: arn:aws:iam::210987654321:role/gate}
"""

PERMISSIONS = """\
aws: cloudwatch:GetMetricStatistics *
aws: ecr:DescribeImageScanFindings *
aws: ecr:DescribeImages *
aws: kms:DescribeKey *
aws: rds:DescribeDBInstances *
aws: rds:DescribeDBSnapshots arn:aws:rds:eu-west-1:*:db:orders
aws: rds:DescribeDBSnapshots arn:aws:rds:eu-west-1:*:snapshot:*
aws: s3:GetBucketObjectLockConfiguration arn:aws:s3:::audit
aws: sqs:GetQueueAttributes arn:aws:sqs:eu-west-1:*:*
aws: sqs:GetQueueAttributes arn:aws:sqs:eu-west-1:210987654321:orders
aws: sqs:GetQueueUrl arn:aws:sqs:eu-west-1:*:*
aws: sts:AssumeRole arn:aws:iam::210987654321:role/gate
"""


def test_the_permissions_are_named_as_iam_names_them(tmp_path, capsys):
    (tmp_path / "profile.yaml").write_text(PROFILE)
    assert invoke(["plan", "--permissions", str(tmp_path / "profile.yaml")]) == (0, False)
    told = capsys.readouterr().out
    assert re.findall(r"aws: .*\n", told) == PERMISSIONS.splitlines(keepends=True)
