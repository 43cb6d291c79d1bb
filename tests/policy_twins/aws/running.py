"""What breaks the rules on what runs, for whom, where and at what price, and what does not."""

from tests.policy_twins.aws.data import KEY, TLS_ONLY
from tests.policy_twins.aws.network import cluster
from tests.policy_twins.twin import LABELS, Made, Ref, Twin

_L4 = ["g6.xlarge", "g6.2xlarge"]
_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}


def _function(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "role": "arn:aws:iam::123456789012:role/predictor",
        "packageType": "Image",
        "imageUri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/predictor@sha256:{'0' * 64}",
        "reservedConcurrentExecutions": 10,
    }
    return Made(type="aws:lambda/function:Function", name=name, props=props | changed)


def _pool(name: str, family: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "clusterName": "slipway",
        "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
        "subnetIds": ["subnet-0123456789abcdef0"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "capacityType": "ON_DEMAND",
        "instanceTypes": _L4,
        "scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 2},
        "labels": {"slipway/pool": family},
        "taints": [_TAINT],
    }
    return Made(type="aws:eks/nodeGroup:NodeGroup", name=name, props=props | changed)


def _queue(name: str, **props: object) -> list[Made]:
    """A queue that answers over TLS only."""
    return [
        Made(type="aws:sqs/queue:Queue", name=name, props={"kmsMasterKeyId": KEY, **props}),
        Made(
            type="aws:sqs/queuePolicy:QueuePolicy",
            name=f"{name}-tls",
            props={"queueUrl": Ref(name), "policy": TLS_ONLY % "sqs"},
        ),
    ]


def _dead_letters(name: str, of: str) -> list[Made]:
    return [
        *_queue(name),
        Made(
            type="aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
            name=f"{name}-allow",
            props={"queueUrl": Ref(name), "redriveAllowPolicy": '{"redrivePermission": "allowAll"}'},
        ),
        Made(
            type="aws:sqs/redrivePolicy:RedrivePolicy",
            name=f"{of}-redrive",
            props={"queueUrl": Ref(of), "redrivePolicy": '{"maxReceiveCount": 5}'},
        ),
    ]


def _stage(name: str, **settings: object) -> Made:
    return Made(
        type="aws:apigatewayv2/stage:Stage",
        name=name,
        props={"apiId": "a1b2c3d4e5", "autoDeploy": True, "defaultRouteSettings": settings},
    )


def _budget(name: str) -> Made:
    return Made(
        type="aws:budgets/budget:Budget",
        name=name,
        props={
            "budgetType": "COST",
            "timeUnit": "MONTHLY",
            "limitAmount": "1000",
            "limitUnit": "USD",
            "notifications": [
                {
                    "comparisonOperator": "GREATER_THAN",
                    "notificationType": "ACTUAL",
                    "threshold": 80,
                    "thresholdType": "PERCENTAGE",
                    "subscriberEmailAddresses": ["ml-platform@example.com"],
                }
            ],
        },
    )


def _group(name: str, provider: str, **props: object) -> Made:
    """Something small that carries labels and has a region."""
    return Made(
        type="aws:ec2/placementGroup:PlacementGroup",
        name=name,
        props={"strategy": "cluster", **props},
        provider=provider,
    )


TWINS = (
    Twin(
        rule="images-by-digest",
        fails=[_function("by-tag", imageUri="123456789012.dkr.ecr.us-east-1.amazonaws.com/predictor:latest")],
        passes=[_function("by-digest")],
    ),
    Twin(
        rule="kubernetes-is-supported",
        fails=[cluster("ended", version="1.33")],
        passes=[cluster("supported", version="1.36")],
    ),
    Twin(
        rule="no-extended-support",
        fails=[cluster("extended", upgradePolicy={"supportType": "EXTENDED"})],
        passes=[cluster("standard")],
    ),
    Twin(
        rule="control-plane-keeps-logs",
        fails=[cluster("silent", enabledClusterLogTypes=["scheduler"])],
        passes=[cluster("talking")],
    ),
    Twin(
        rule="node-images-are-maintained",
        fails=[_pool("al2", "al2", amiType="AL2_x86_64_GPU")],
        passes=[_pool("al2023", "al2023")],
    ),
    Twin(
        rule="spot-has-a-fallback",
        fails=[_pool("spot-alone", "alone", capacityType="SPOT")],
        passes=[_pool("spot", "train", capacityType="SPOT"), _pool("on-demand", "train")],
    ),
    Twin(
        rule="accelerators-scale-to-zero",
        fails=[_pool("idle", "idle", scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 2})],
        passes=[_pool("from-zero", "from-zero")],
    ),
    Twin(
        rule="accelerators-carry-taints",
        fails=[_pool("untainted", "untainted", taints=None)],
        passes=[_pool("tainted", "tainted")],
    ),
    Twin(
        rule="queues-have-dead-letters",
        fails=_queue("loses"),
        passes=[*_queue("tasks"), *_dead_letters("dead", "tasks")],
    ),
    Twin(
        rule="functions-have-a-ceiling",
        fails=[_function("unbounded", reservedConcurrentExecutions=None)],
        passes=[_function("bounded")],
    ),
    Twin(
        rule="edge-limits-rates",
        fails=[_stage("unlimited", detailedMetricsEnabled=True)],
        passes=[_stage("throttled", throttlingRateLimit=100, throttlingBurstLimit=200)],
    ),
    Twin(
        rule="resources-have-an-owner",
        fails=[_group("nobodys", "unlabelled", tags={"Name": "nobodys"})],
        passes=[_group("ours", "unlabelled", tags=LABELS)],
    ),
    Twin(
        rule="stacks-have-a-budget",
        fails=[_group("unbudgeted", "ours")],
        passes=[_budget("budget")],
    ),
    Twin(
        rule="resources-stay-in-their-regions",
        fails=[_group("abroad", "elsewhere")],
        passes=[_group("at-home", "ours")],
    ),
    Twin(
        rule="no-default-provider",
        fails=[_group("by-accident", "", tags=LABELS)],
        passes=[_group("on-purpose", "ours")],
    ),
    Twin(
        rule="stack-keeps-its-budget",
        fails=[
            _pool(
                "dear",
                "dear",
                instanceTypes=["p5.48xlarge"],
                scalingConfig={"minSize": 0, "desiredSize": 1, "maxSize": 1},
            )
        ],
        passes=[_pool("cheap", "cheap")],
    ),
)
