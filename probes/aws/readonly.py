"""Which operations of AWS only look.

Known to be read-only is what both its name and botocore's model say.  The model alone does not do: AWS marks
`ivs:StartViewerSessionRevocation` as read-only.  Nor does the name: `GetActivityTask` takes a task away.
Operations whose purpose is to hand out credentials are refused too: a gate has no use for a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.model import OperationModel, ServiceModel

from agent.probe import Value
from probes.aws import models

__all__ = ["refused"]

_READS = re.compile(r"(Get|List|Describe|Head|Search|BatchGet|BatchDescribe)(?=[A-Z0-9]|$)")
_READS_WHEN_MARKED = re.compile(r"(Check|Validate|Is|BatchIs|Count|Compare|Calculate)(?=[A-Z0-9]|$)")

_ALSO_READ = frozenset(
    {
        "cloudformation:EstimateTemplateCost",
        "cloudformation:ValidateTemplate",
        "cloudtrail:LookupEvents",
        "config:SelectAggregateResourceConfig",
        "config:SelectResourceConfig",
        "dynamodb:Query",
        "dynamodb:Scan",
        "ecr:BatchCheckLayerAvailability",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
        "logs:FilterLogEvents",
        "route53:TestDNSAnswer",
        "secretsmanager:ValidateResourcePolicy",
        "servicediscovery:DiscoverInstances",
        "wafv2:CheckCapacity",
    }
)
"""Read-only by AWS's documentation, under another name than most."""

_SECRET = re.compile(
    r"(Batch)?Get\w*?(Passwords?|Credentials?|Secrets?|SecretValue|PrivateKey|ApiKeys?|APIKey|AccessKeys|Tokens?|"
    r"Ur[il]|URL|(Account|Download|Upload)Links?)((For|From|With|By)[A-Z]\w*)?$"
)
"""Hands out a credential, or an address that is one."""

_SECRETS = frozenset(
    {
        "codepipeline:GetJobDetails",
        "codepipeline:GetThirdPartyJobDetails",
        "connect:GetAttachedFile",
        "connectparticipant:GetAttachment",
        "customer-profiles:GetUploadJobPath",
        "devicefarm:GetUpload",
        "ec2:GetInstanceUefiData",
        "ec2:GetPasswordData",
        "ec2:GetVpnConnectionDeviceSampleConfiguration",
        "elbv2:GetTrustStoreCaCertificatesBundle",
        "elbv2:GetTrustStoreRevocationContent",
        "emr-serverless:GetDashboardForJobRun",
        "gamelift:GetComputeAccess",
        "gamelift:GetInstanceAccess",
        "glue:GetSessionEndpoint",
        "iot:GetRegistrationCode",
        "ivs:BatchGetStreamKey",
        "ivs:GetStreamKey",
        "lightsail:GetInstanceAccessDetails",
        "lightsail:GetKeyPairs",
        "mailmanager:GetArchiveMessage",
        "marketplace-reporting:GetBuyerDashboard",
        "s3control:GetDataAccess",
        "snowball:GetJobManifest",
        "snowball:GetJobUnlockCode",
        "snowball:GetSoftwareUpdates",
        "socialmessaging:GetWhatsAppFlowPreview",
        "socialmessaging:ListWhatsAppFlowAssets",
        "wafv2:GetDecryptedAPIKey",
    }
)

_NO_SECRETS = frozenset({"pricing:GetPriceListFileUrl", "sqs:GetQueueUrl"})

_CHANGES = {
    "appconfig:GetConfiguration": "registers a client",
    "appconfigdata:GetLatestConfiguration": "moves a session on",
    "cognito-identity:GetId": "makes an identity",
    "cognito-idp:GetUserAttributeVerificationCode": "sends a code",
    "dynamodbstreams:GetRecords": "takes from what the readers of the stream may read",
    "ec2:GetConsoleScreenshot": "can wake the instance",
    "kinesis:GetRecords": "takes from what the readers of the stream may read",
    "kms:GetParametersForImport": "makes a key for an import",
    "mturk:GetFileUploadURL": "makes an address to write to",
    "payment-cryptography:GetParametersForExport": "makes a key for an export",
    "payment-cryptography:GetParametersForImport": "makes a key for an import",
    "sagemaker:GetScalingConfigurationRecommendation": "starts a job",
    "socialmessaging:GetWhatsAppMessageMedia": "writes to a bucket",
    "stepfunctions:GetActivityTask": "takes a task away from its workers",
    "waf-regional:GetChangeToken": "makes a token",
    "waf:GetChangeToken": "makes a token",
    "xray:GetSamplingTargets": "takes from what the service may sample",
}
"""Named like reading, and more than that."""

_ELSEWHERE = {"logs:GetLogEvents": "aws.logs reads a log"}

_UNCOVERS = {"WithDecryption": True, "includeValue": True, "includeValues": True}
"""Parameters that turn an answer into a secret; whatever the service, it is never meant otherwise."""


def refused(operation: OperationModel, params: Mapping[str, Value]) -> str:
    """Say why an operation is not called; empty when it is known to do nothing but look."""
    name = f"{operation.service_model.service_name}:{operation.name}"
    if name in _CHANGES:
        return f"{name} {_CHANGES[name]}, and aws.call only reads"
    if name in _ELSEWHERE:
        return f"{name} has no end: {_ELSEWHERE[name]}"
    if _hands_out(name):
        return f"{name} hands out a secret, which aws.call does not read"
    if not _reads(name, operation):
        return f"{name} is not known to be read-only, and aws.call only reads"
    if operation.has_streaming_output or operation.has_event_stream_output or operation.has_event_stream_input:
        return f"{name} gives a stream, which aws.call does not read"
    return _uncovered(name, params)


def _reads(name: str, operation: OperationModel) -> bool:
    if name in _ALSO_READ:
        return True
    if operation.http.get("method", "POST") not in ("GET", "HEAD", "POST"):
        return False
    if _READS_WHEN_MARKED.match(operation.name):
        return _marked(operation.service_model, operation.name)
    return bool(_READS.match(operation.name)) and not _left_out(operation)


def _hands_out(name: str) -> bool:
    return name in _SECRETS or (name not in _NO_SECRETS and bool(_SECRET.match(name.partition(":")[2])))


def _left_out(operation: OperationModel) -> bool:
    """Tell whether a service that marks its reading operations did not mark this `Get`."""
    if not operation.name.startswith(("Get", "BatchGet")) or _marked(operation.service_model, operation.name):
        return False
    gets = [name for name in operation.service_model.operation_names if name.startswith("Get")]
    marked = sum(_marked(operation.service_model, name) for name in gets)
    return 5 * marked >= 4 * len(gets) > 0


def _marked(service: ServiceModel, operation_name: str) -> bool:
    """Tell whether the model has Smithy's trait `readonly`, which botocore's own classes do not show."""
    description = models.description(service.service_name)
    return bool(description["operations"][operation_name].get("readonly"))


def _uncovered(name: str, params: Mapping[str, Value]) -> str:
    for parameter, value in _UNCOVERS.items():
        if str(params.get(parameter)).lower() == str(value).lower():
            return f"{name} with {parameter} hands out a secret, which aws.call does not read"
    if name == "ec2:DescribeInstanceAttribute" and params.get("Attribute") == "userData":
        return f"{name} of userData hands out what often is a secret, which aws.call does not read"
    return ""
