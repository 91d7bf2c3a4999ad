"""What IAM calls the right to an operation: not always what the operation is called."""

from __future__ import annotations

import re

from botocore.model import OperationModel

from agent.probe import Need

__all__ = ["action", "denied", "need"]

_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "connectcampaigns": "connect-campaigns",
    "iot-data": "iot",
    "opensearch": "es",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sesv2": "ses",
    "sso-admin": "sso",
}
"""Where IAM's prefix is not the name that requests are signed for (Service Authorization Reference)."""

_ACTIONS = {
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetBucketAnalyticsConfiguration": "s3:GetAnalyticsConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketIntelligentTieringConfiguration": "s3:GetIntelligentTieringConfiguration",
    "s3:GetBucketInventoryConfiguration": "s3:GetInventoryConfiguration",
    "s3:GetBucketLifecycle": "s3:GetLifecycleConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketMetricsConfiguration": "s3:GetMetricsConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListParts": "s3:ListMultipartUploadParts",
}

_SAID = re.compile(r"not authorized to perform:? ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")


def action(operation: OperationModel) -> str:
    """Give the right that an operation wants: `elasticloadbalancing:DescribeTargetHealth`."""
    service = operation.service_model
    prefix = _PREFIXES.get(service.service_name) or service.signing_name
    if prefix == "apigateway":
        return "apigateway:GET"
    return _ACTIONS.get(f"{prefix}:{operation.name}", f"{prefix}:{operation.name}")


def denied(message: str) -> str:
    """Give the right that AWS itself names in a refusal; empty when it names none."""
    found = _SAID.search(message)
    return found[1] if found else ""


def need(right: str, resource: str = "*") -> Need:
    """Give what a policy has to allow, on which ARN."""
    return Need("aws", right, resource)
