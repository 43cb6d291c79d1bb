"""Where AWS says whether what it keeps is encrypted, and with whose key.

A key that is made in the same update is not known yet; that there is one, is.
"""

from collections.abc import Iterator

from infra.policy.ideas import AtRest, Key
from infra.policy.stack import Resource, dig, switch

_SYMMETRIC = "SYMMETRIC_DEFAULT"


def disks(resource: Resource) -> Iterator[AtRest]:
    match resource.type:
        case "aws:ebs/volume:Volume" | "aws:ec2/launchTemplate:LaunchTemplate":
            yield from _disks_of(resource)
        case "aws:ec2/instance:Instance" | "aws:ec2/launchConfiguration:LaunchConfiguration":
            for block in (*resource.entries("rootBlockDevice"), *resource.entries("ebsBlockDevices")):
                yield AtRest(what="a disk of the instance", encrypted=switch(dig(block, "encrypted")))
            if not resource.entries("rootBlockDevice"):
                yield AtRest(what="the root disk of the instance", encrypted=False)
        case "aws:efs/fileSystem:FileSystem":
            yield AtRest(what="the file system", encrypted=resource.flag("encrypted"))
        case "aws:rds/instance:Instance" | "aws:rds/cluster:Cluster":
            yield AtRest(what="the database", encrypted=resource.flag("storageEncrypted"))
        case _:
            pass


def _disks_of(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "aws:ebs/volume:Volume":
        yield AtRest(what="the volume", encrypted=resource.flag("encrypted"))
    elif resource.get("blockDeviceMappings") in (None, [], ()):
        yield AtRest(what="the disk that the template leaves to its image", encrypted=False)
    for mapping in resource.entries("blockDeviceMappings"):
        if dig(mapping, "ebs") is not None:
            device = dig(mapping, "deviceName", "a disk")
            yield AtRest(what=f"{device} in the launch template", encrypted=switch(dig(mapping, "ebs.encrypted")))


def messages(resource: Resource) -> Iterator[AtRest]:
    match resource.type:
        case "aws:sqs/queue:Queue":
            ours = bool(resource.get("kmsMasterKeyId"))
            yield AtRest(what="the queue", encrypted=ours or resource.flag("sqsManagedSseEnabled"))
        case "aws:sns/topic:Topic":
            yield AtRest(what="the topic", encrypted=bool(resource.get("kmsMasterKeyId")))
        case _:
            pass


def images(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "aws:ecr/repository:Repository":
        kind = resource.text("encryptionConfigurations.encryptionType", "AES256")
        yield AtRest(what="the repository", encrypted=None if kind is None else kind.startswith("KMS"))


def cluster_secrets(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "aws:eks/cluster:Cluster":
        key = resource.get("encryptionConfig.provider.keyArn")
        covered = resource.texts("encryptionConfig.resources")
        encrypted = None if covered is None else bool(key) and "secrets" in covered
        yield AtRest(what="what Kubernetes keeps as secrets", encrypted=encrypted)


def logs(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "aws:cloudwatch/logGroup:LogGroup":
        yield AtRest(what="the log group", encrypted=bool(resource.get("kmsKeyId")))


def keys(resource: Resource) -> Iterator[Key]:
    """Symmetric keys: AWS rotates no others."""
    if resource.type == "aws:kms/key:Key" and resource.get("customerMasterKeySpec", _SYMMETRIC) == _SYMMETRIC:
        yield Key(rotates=resource.flag("enableKeyRotation"))
