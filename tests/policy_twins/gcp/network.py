"""What breaks the rules on networks and the edge, and what does not."""

from tests.policy_twins.twin import Made, Ref, Twin

KEY = "projects/example-models/locations/us-central1/keyRings/slipway/cryptoKeys/slipway"
NETWORK = "projects/example-models/global/networks/slipway"
ACCOUNT = "nodes@example-models.iam.gserviceaccount.com"


def cluster(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "location": "us-central1",
        "network": NETWORK,
        "removeDefaultNodePool": True,
        "initialNodeCount": 1,
        "privateClusterConfig": {"enablePrivateNodes": True, "enablePrivateEndpoint": True},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": KEY},
        "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"]},
        "releaseChannel": {"channel": "REGULAR"},
        "workloadIdentityConfig": {"workloadPool": "example-models.svc.id.goog"},
        "datapathProvider": "ADVANCED_DATAPATH",
        "enableShieldedNodes": True,
        "deletionProtection": True,
    }
    return Made(type="gcp:container/cluster:Cluster", name=name, props=props | changed, protect=True)


def service(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "location": "us-central1",
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "template": template(),
    }
    return Made(type="gcp:cloudrunv2/service:Service", name=name, props=props | changed)


def template(**changed: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "serviceAccount": "predictor@example-models.iam.gserviceaccount.com",
        "scaling": {"maxInstanceCount": 10},
        "containers": [container()],
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


def container(image: str = f"predictor@sha256:{'0' * 64}", **changed: object) -> dict[str, object]:
    whole: dict[str, object] = {
        "image": f"us-central1-docker.pkg.dev/example-models/slipway/{image}",
        "ports": {"containerPort": 8080},
        "startupProbe": {"httpGet": {"path": "/readyz"}},
        "livenessProbe": {"httpGet": {"path": "/healthz"}},
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


def _firewall(name: str, source: str) -> Made:
    return Made(
        type="gcp:compute/firewall:Firewall",
        name=name,
        props={"network": NETWORK, "sourceRanges": [source], "allows": [{"protocol": "tcp", "ports": ["443"]}]},
    )


def subnet(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "network": NETWORK,
        "ipCidrRange": "10.20.0.0/20",
        "privateIpGoogleAccess": True,
        "logConfig": {"flowSampling": 0.5},
    }
    return Made(type="gcp:compute/subnetwork:Subnetwork", name=name, props=props | changed)


def _network(name: str, *, automatic: bool) -> Made:
    return Made(type="gcp:compute/network:Network", name=name, props={"autoCreateSubnetworks": automatic})


def _tls(name: str, oldest: str) -> Made:
    return Made(type="gcp:compute/sSLPolicy:SSLPolicy", name=name, props={"profile": "MODERN", "minTlsVersion": oldest})


def _plain_proxy(name: str, **map_: object) -> list[Made]:
    return [
        Made(type="gcp:compute/uRLMap:URLMap", name=f"{name}-map", props=map_),
        Made(type="gcp:compute/targetHttpProxy:TargetHttpProxy", name=name, props={"urlMap": Ref(f"{name}-map")}),
    ]


def backend(name: str, **changed: object) -> Made:
    return Made(
        type="gcp:compute/backendService:BackendService",
        name=name,
        props={"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTPS", **changed},
    )


ARMOUR = Made(
    type="gcp:compute/securityPolicy:SecurityPolicy",
    name="armour",
    props={
        "rules": [
            {
                "action": "throttle",
                "priority": 1000,
                "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
                "rateLimitOptions": {
                    "conformAction": "allow",
                    "exceedAction": "deny(429)",
                    "enforceOnKey": "IP",
                    "rateLimitThreshold": {"count": 2000, "intervalSec": 300},
                },
            },
            {
                "action": "allow",
                "priority": 2147483647,
                "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
            },
        ]
    },
)

TWINS = (
    Twin(
        rule="no-public-ingress",
        fails=[_firewall("everyone", "0.0.0.0/0")],
        passes=[_firewall("balancers", "35.191.0.0/16")],
    ),
    Twin(
        rule="no-public-api-server",
        fails=[cluster("public", privateClusterConfig={"enablePrivateNodes": True})],
        passes=[cluster("private")],
    ),
    Twin(
        rule="no-public-addresses",
        fails=[cluster("public-nodes", privateClusterConfig={"enablePrivateEndpoint": True})],
        passes=[cluster("private-nodes")],
    ),
    Twin(
        rule="no-public-function-url",
        fails=[service("past-the-balancer", ingress="INGRESS_TRAFFIC_ALL")],
        passes=[service("behind-the-balancer")],
    ),
    Twin(
        rule="networks-have-flow-logs",
        fails=[subnet("unwatched", logConfig=None)],
        passes=[subnet("watched")],
    ),
    Twin(
        rule="networks-are-laid-out",
        fails=[_network("automatic", automatic=True)],
        passes=[_network("chosen", automatic=False)],
    ),
    Twin(
        rule="subnets-reach-the-cloud-inside",
        fails=[subnet("roundabout", privateIpGoogleAccess=False)],
        passes=[subnet("inside")],
    ),
    Twin(rule="tls-1.2-at-least", fails=[_tls("old", "TLS_1_1")], passes=[_tls("modern", "TLS_1_2")]),
    Twin(
        rule="plain-http-is-sent-on",
        fails=_plain_proxy("answers", defaultService="projects/example-models/global/backendServices/predictor"),
        passes=_plain_proxy("sends-on", defaultUrlRedirect={"httpsRedirect": True, "stripQuery": False}),
    ),
    Twin(
        rule="edge-limits-rates",
        fails=[backend("unlimited")],
        passes=[ARMOUR, backend("throttled", securityPolicy=Ref("armour"))],
    ),
)
