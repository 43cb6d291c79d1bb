"""Objects of further kinds that rules look at, each as it should be: for tests that change a part of one."""

from tests.policy_twins.kubernetes.pods import container, metadata, spec, template
from tests.policy_twins.twin import Made

AGENT = Made(
    type="kubernetes:apps/v1:DaemonSet",
    name="device-plugin",
    props={
        "metadata": metadata("device-plugin"),
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": "device-plugin"}},
            "template": template(
                "device-plugin",
                spec(
                    container(without="runAsNonRoot"),
                    volumes=[{"name": "sockets", "hostPath": {"path": "/var/lib/kubelet/device-plugins"}}],
                ),
            ),
        },
    },
)
POD = Made(
    type="kubernetes:core/v1:Pod",
    name="look",
    props={"metadata": metadata("look", labels={"app.kubernetes.io/name": "look"}), "spec": spec()},
)
GATEWAY = Made(
    type="kubernetes:gateway.networking.k8s.io/v1:Gateway",
    name="front",
    props={
        "metadata": metadata("front"),
        "spec": {
            "gatewayClassName": "example",
            "listeners": [
                {
                    "name": "secure",
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"certificateRefs": [{"name": "slipway-gateway"}]},
                }
            ],
        },
    },
)
SERVICE = Made(
    type="kubernetes:core/v1:Service",
    name="inside",
    props={"metadata": metadata("inside"), "spec": {"type": "ClusterIP", "ports": [{"port": 80}]}},
)

OTHERS: tuple[Made, ...] = (AGENT, POD, GATEWAY, SERVICE)
