"""What stands on the stage for each fragment: things at AWS as they should be, and a fault for each check."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import trustme

from tests.probes.aws.cloud import ACCOUNT, REGION

ALLOW = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'
TRUST = '{"Version": "2012-10-17", "Statement": []}'


class Rds:
    def __init__(self, make):
        self.rds = make("rds")
        self.rds.create_db_instance(
            DBInstanceIdentifier="orders",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="shop",
            MasterUserPassword="correct-horse",
            StorageEncrypted=True,
            MultiAZ=True,
            DeletionProtection=True,
            PubliclyAccessible=False,
            BackupRetentionPeriod=14,
        )
        self.rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-1")
        self.vars = {"instance": "orders"}

    def lose(self):
        for snapshot in self.rds.describe_db_snapshots(DBInstanceIdentifier="orders")["DBSnapshots"]:
            self.rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])

    def alter(self, **changes):
        self.rds.modify_db_instance(DBInstanceIdentifier="orders", ApplyImmediately=True, **changes)


class AutoScaling:
    def __init__(self, make):
        self.autoscaling = make("autoscaling")
        self.autoscaling.create_launch_configuration(
            LaunchConfigurationName="web", ImageId="ami-12345678", InstanceType="t3.micro"
        )
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="web",
            LaunchConfigurationName="web",
            MinSize=2,
            MaxSize=5,
            DesiredCapacity=3,
            AvailabilityZones=["eu-west-1a", "eu-west-1b"],
        )
        self.autoscaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName="grow", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
        )
        self.vars = {"group": "web"}

    def sicken(self):
        group = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"][0]
        first = group["Instances"][0]["InstanceId"]
        self.autoscaling.set_instance_health(InstanceId=first, HealthStatus="Unhealthy")

    def alter(self, **changes):
        self.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", **changes)


class CloudFront:
    def __init__(self, make):
        self.cloudfront = make("cloudfront")
        origin = {
            "Id": "o",
            "DomainName": "origin.example.com",
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        }
        self.config = {
            "CallerReference": "1",
            "Aliases": {"Quantity": 1, "Items": ["www.shop.example.com"]},
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https", "MinTTL": 0},
            "ViewerCertificate": {
                "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/1",
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            },
            "Comment": "",
            "Enabled": True,
        }
        self.id = self.cloudfront.create_distribution(DistributionConfig=self.config)["Distribution"]["Id"]
        self.cloudfront.get_distribution(Id=self.id)  # moto deploys it when it is looked at
        self.vars = {"distribution": self.id, "alias": "www.shop.example.com"}

    def alter(self, **changes):
        tag = self.cloudfront.get_distribution(Id=self.id)["ETag"]
        self.cloudfront.update_distribution(Id=self.id, IfMatch=tag, DistributionConfig=self.config | changes)
        self.cloudfront.get_distribution(Id=self.id)

    def loosen(self):
        behavior = self.config["DefaultCacheBehavior"] | {"ViewerProtocolPolicy": "allow-all"}
        self.alter(DefaultCacheBehavior=behavior)

    def invalidate(self):
        batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "1"}
        self.cloudfront.create_invalidation(DistributionId=self.id, InvalidationBatch=batch)


class SecretRotation:
    def __init__(self, make):
        self.secrets = make("secretsmanager")
        self.secrets.create_secret(Name="shop/database", SecretString="correct-horse")
        self.secrets.rotate_secret(SecretId="shop/database", RotationRules={"AutomaticallyAfterDays": 30})
        self.vars = {"secret": "shop/database"}

    def never(self):
        self.secrets.delete_secret(SecretId="shop/database", ForceDeleteWithoutRecovery=True)
        self.secrets.create_secret(Name="shop/database", SecretString="correct-horse")

    def delete(self):
        self.secrets.delete_secret(SecretId="shop/database", RecoveryWindowInDays=7)


class Kms:
    def __init__(self, make):
        self.kms = make("kms")
        self.id = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.kms.create_alias(AliasName="alias/shop", TargetKeyId=self.id)
        self.kms.enable_key_rotation(KeyId=self.id)
        self.vars = {"kms_key": "alias/shop"}

    def disable(self):
        self.kms.disable_key(KeyId=self.id)

    def delete(self):
        self.kms.schedule_key_deletion(KeyId=self.id, PendingWindowInDays=7)

    def freeze(self):
        self.kms.disable_key_rotation(KeyId=self.id)


class EcrImage:
    def __init__(self, make):
        self.ecr = make("ecr")
        self.ecr.create_repository(repositoryName="shop-api")
        self.digest = self.push("1.4.2", "one")
        self.ecr.start_image_scan(repositoryName="shop-api", imageId={"imageTag": "1.4.2"})
        # moto's scans all find the same: one of each severity up to MEDIUM; a release that accepts these passes
        self.vars = {"repository": "shop-api", "tag": "1.4.2", "digest": self.digest, "high": "1"}

    def push(self, tag, content):
        manifest = (
            '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": '
            f'{{"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7, "digest": "sha256:{content}"}}, '
            '"layers": []}'
        )
        digest = f"sha256:{sha256(content.encode()).hexdigest()}"
        self.ecr.put_image(repositoryName="shop-api", imageManifest=manifest, imageTag=tag, imageDigest=digest)
        return digest

    def overwrite(self):
        self.push("1.4.2", "two")


class CloudwatchAlarms:
    def __init__(self, make):
        self.cloudwatch = make("cloudwatch")
        for name in ("shop-errors", "shop-latency"):
            self.put(name)
            self.state(name, "OK")
        self.put("else-errors")
        self.state("else-errors", "ALARM")
        self.vars = {"prefix": "shop-", "alarms": "2"}

    def put(self, name, **changes):
        self.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": "Shop",
                "MetricName": "Errors",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:on-call"],
                **changes,
            }
        )

    def state(self, name, state):
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test says so")

    def fire(self):
        self.state("shop-errors", "ALARM")

    def starve(self):
        self.state("shop-errors", "INSUFFICIENT_DATA")

    def gag(self):
        self.put("shop-errors", AlarmActions=[])
        self.state("shop-errors", "OK")

    def mute(self):
        self.put("shop-errors", ActionsEnabled=False)
        self.state("shop-errors", "OK")

    def delete(self):
        self.cloudwatch.delete_alarms(AlarmNames=["shop-latency"])


class Waf:
    def __init__(self, make):
        self.waf = make("wafv2")
        ec2, elb = make("ec2"), make("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]
            for n, zone in enumerate("ab")
        ]
        balancer = elb.create_load_balancer(Name="shop-waf", Subnets=[subnet["SubnetId"] for subnet in subnets])
        self.balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        self.stand("shop", {"Action": {"Block": {}}})
        self.vars = {"resource": self.balancer, "acl": "shop"}

    def stand(self, name, rule, *more):
        shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
        statement = {"GeoMatchStatement": {"CountryCodes": ["KP"]}}
        rules = [
            {"Name": f"rule-{n}", "Priority": n, "Statement": statement, "VisibilityConfig": shown, **one}
            for n, one in enumerate([rule, *more])
        ]
        made = self.waf.create_web_acl(
            Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown, Rules=rules
        )
        self.waf.associate_web_acl(WebACLArn=made["Summary"]["ARN"], ResourceArn=self.balancer)

    def remove(self):
        self.waf.disassociate_web_acl(ResourceArn=self.balancer)

    def swap(self):
        self.remove()
        self.stand("another", {"Action": {"Block": {}}})

    def count(self):
        self.remove()
        made = self.waf.list_web_acls(Scope="REGIONAL")["WebACLs"]
        for one in made:
            self.waf.delete_web_acl(Name=one["Name"], Scope="REGIONAL", Id=one["Id"], LockToken=one["LockToken"])
        self.stand("shop", {"Action": {"Block": {}}}, {"Action": {"Count": {}}})


class Iam:
    def __init__(self, make):
        self.iam = make("iam")
        self.iam.create_role(RoleName="shop-api", AssumeRolePolicyDocument=TRUST)
        self.attach("shop-orders")
        self.iam.update_account_password_policy(MinimumPasswordLength=16)
        self.vars = {"role": "shop-api", "root_mfa": "0"}  # moto's root has no second factor, ever

    def attach(self, name):
        policy = self.iam.create_policy(PolicyName=name, PolicyDocument=ALLOW)["Policy"]
        self.iam.attach_role_policy(RoleName="shop-api", PolicyArn=policy["Arn"])

    def crown(self):
        self.attach("AdministratorAccess")  # moto has none of AWS's own policies; their names are what is read

    def shorten(self):
        self.iam.update_account_password_policy(MinimumPasswordLength=8)

    def forget(self):
        self.iam.delete_account_password_policy()


class Acm:
    def __init__(self, make):
        self.acm = make("acm")
        self.arn = self.put(datetime.now(UTC) + timedelta(days=90))
        self.vars = {"certificate": self.arn, "domain": "shop.example.com"}

    def put(self, end, **where):
        authority = trustme.CA()
        leaf = authority.issue_cert("shop.example.com", not_after=end)
        put = self.acm.import_certificate(
            Certificate=leaf.cert_chain_pems[0].bytes(), PrivateKey=leaf.private_key_pem.bytes(), **where
        )
        return put["CertificateArn"]

    def age(self):
        self.put(datetime.now(UTC) + timedelta(days=10), CertificateArn=self.arn)

    def delete(self):
        self.acm.delete_certificate(CertificateArn=self.arn)


class Route53:
    def __init__(self, make):
        self.route53 = make("route53")
        made = self.route53.create_hosted_zone(Name="shop.example.com", CallerReference="1")
        self.zone = made["HostedZone"]["Id"]
        self.put(["203.0.113.10", "203.0.113.11"], 60)
        self.vars = {
            "zone": self.zone.rpartition("/")[2],
            "record": "www.shop.example.com",
            "values": "[203.0.113.11, 203.0.113.10]",
        }

    def put(self, values, ttl):
        record = {
            "Name": "www.shop.example.com",
            "Type": "A",
            "TTL": ttl,
            "ResourceRecords": [{"Value": value} for value in values],
        }
        change = {"Action": "UPSERT", "ResourceRecordSet": record}
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [change]})

    def point_elsewhere(self):
        self.put(["203.0.113.10"], 60)

    def last(self):
        self.put(["203.0.113.10", "203.0.113.11"], 86400)
