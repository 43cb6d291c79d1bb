"""What breaks the rules on what runs, for whom, where and at what price, and what does not."""

from tests.policy_twins.gcp.network import ACCOUNT, cluster, container, service, template
from tests.policy_twins.twin import LABELS, Made, Twin

_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}


def pool(name: str, family: str, autoscaling: object = None, **changed: object) -> Made:
    config: dict[str, object] = {
        "machineType": "g2-standard-4",
        "imageType": "COS_CONTAINERD",
        "serviceAccount": ACCOUNT,
        "guestAccelerators": [{"type": "nvidia-l4", "count": 1}],
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        "labels": {"slipway/pool": family},
        "taints": [_TAINT],
    }
    return Made(
        type="gcp:container/nodePool:NodePool",
        name=name,
        props={
            "cluster": "slipway",
            "location": "us-central1",
            "autoscaling": autoscaling or {"totalMinNodeCount": 0, "totalMaxNodeCount": 2, "locationPolicy": "ANY"},
            "nodeConfig": {key: value for key, value in (config | changed).items() if value is not None},
        },
    )


def _budget(name: str) -> Made:
    return Made(
        type="gcp:billing/budget:Budget",
        name=name,
        props={
            "billingAccount": "01AB23-45CD67-89EF01",
            "amount": {"specifiedAmount": {"currencyCode": "USD", "units": "1000"}},
            "thresholdRules": [{"thresholdPercent": 0.8}],
        },
    )


def _address(name: str, provider: str, **props: object) -> Made:
    """Something small that carries labels and has a region."""
    return Made(
        type="gcp:compute/address:Address", name=name, props={"addressType": "INTERNAL", **props}, provider=provider
    )


TWINS = (
    Twin(
        rule="images-by-digest",
        fails=[service("by-tag", template=template(containers=[container("predictor:latest")]))],
        passes=[service("by-digest")],
    ),
    Twin(
        rule="containers-are-watched",
        fails=[service("unwatched-service", template=template(containers=[container(livenessProbe=None)]))],
        passes=[service("watched-service")],
    ),
    Twin(
        rule="functions-have-a-ceiling",
        fails=[service("unbounded", template=template(scaling=None))],
        passes=[service("bounded")],
    ),
    Twin(
        rule="no-extended-support",
        fails=[cluster("extended", releaseChannel={"channel": "EXTENDED"})],
        passes=[cluster("regular")],
    ),
    Twin(
        rule="clusters-follow-a-channel",
        fails=[cluster("adrift", releaseChannel={"channel": "UNSPECIFIED"})],
        passes=[cluster("followed")],
    ),
    Twin(
        rule="control-plane-keeps-logs",
        fails=[cluster("silent", loggingConfig={"enableComponents": ["WORKLOADS"]})],
        passes=[cluster("talking")],
    ),
    Twin(
        rule="pods-can-have-identities",
        fails=[cluster("nameless", workloadIdentityConfig=None)],
        passes=[cluster("named")],
    ),
    Twin(
        rule="network-policies-have-effect",
        fails=[cluster("unfiltered", datapathProvider="LEGACY_DATAPATH")],
        passes=[cluster("filtered")],
    ),
    Twin(
        rule="no-old-ways-in",
        fails=[cluster("by-attribute", enableLegacyAbac=True)],
        passes=[cluster("by-role", enableLegacyAbac=False)],
    ),
    Twin(
        rule="node-images-are-maintained",
        fails=[pool("ended", "ended", imageType="WINDOWS_SAC_CONTAINERD")],
        passes=[pool("containerd", "containerd")],
    ),
    Twin(
        rule="machines-keep-their-credentials",
        fails=[pool("gives-its-own", "gives-its-own", workloadMetadataConfig={"mode": "GCE_METADATA"})],
        passes=[pool("keeps-its-own", "keeps-its-own")],
    ),
    Twin(
        rule="machines-boot-what-was-signed",
        fails=[pool("unsigned", "unsigned", shieldedInstanceConfig={"enableSecureBoot": False})],
        passes=[pool("signed", "signed")],
    ),
    Twin(
        rule="spot-has-a-fallback",
        fails=[pool("spot-alone", "alone", spot=True)],
        passes=[pool("spot", "train", spot=True), pool("on-demand", "train")],
    ),
    Twin(
        rule="accelerators-scale-to-zero",
        fails=[pool("idle", "idle", autoscaling={"totalMinNodeCount": 1, "totalMaxNodeCount": 2})],
        passes=[pool("from-zero", "from-zero")],
    ),
    Twin(
        rule="accelerators-carry-taints",
        fails=[pool("untainted", "untainted", taints=None)],
        passes=[pool("tainted", "tainted")],
    ),
    Twin(
        rule="resources-have-an-owner",
        fails=[_address("nobodys", "unlabelled", labels={"name": "nobodys"})],
        passes=[_address("somebodys", "unlabelled", labels=LABELS)],
    ),
    Twin(rule="stacks-have-a-budget", fails=[_address("unbudgeted", "ours")], passes=[_budget("budget")]),
    Twin(
        rule="resources-stay-in-their-regions",
        fails=[_address("abroad", "elsewhere")],
        passes=[_address("at-home", "ours")],
    ),
    Twin(
        rule="no-default-provider",
        fails=[_address("by-accident", "", labels=LABELS)],
        passes=[_address("on-purpose", "ours")],
    ),
    Twin(
        rule="stack-keeps-its-budget",
        fails=[
            pool(
                "dear",
                "dear",
                autoscaling={"totalMinNodeCount": 1, "totalMaxNodeCount": 2},
                machineType="a3-highgpu-8g",
                guestAccelerators=[{"type": "nvidia-h100-80gb", "count": 8}],
            )
        ],
        passes=[pool("cheap", "cheap")],
    ),
)
