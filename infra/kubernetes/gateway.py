"""The way in from outside, over TLS and to what callers need alone: the Gateway API, or an Ingress.

The certificate is a Secret that somebody keeps there, as cert-manager does. Metrics are not to be had from outside.
"""

from dataclasses import dataclass

from infra.kubernetes.deployment import PORT
from infra.kubernetes.objects import Manifest, metadata
from infra.kubernetes.predictor import PART as PREDICTOR
from infra.serving import HEALTH
from infra.settings import GatewaySettings

PATHS = ("/predict", "/v2", "/tasks", "/openapi.json", "/docs")
_PART = "gateway"
_API = "gateway.networking.k8s.io"
_GOOGLES = "gke-"


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """timeout_s: the longest that a request may take."""

    settings: GatewaySettings
    timeout_s: float


def gateway(args: GatewayArgs) -> dict[str, Manifest]:
    if args.settings.kind == "ingress":
        return {"ingress": _ingress(args.settings)}
    made = {"gateway": _gateway(args.settings), "route": _route(args)}
    return made | ({"health": _health()} if args.settings.class_name.startswith(_GOOGLES) else {})


def _gateway(settings: GatewaySettings) -> Manifest:
    return {
        "apiVersion": f"{_API}/v1",
        "kind": "Gateway",
        "metadata": metadata(_PART, _PART),
        "spec": {
            "gatewayClassName": settings.class_name,
            "listeners": [
                {
                    "name": "https",
                    "protocol": "HTTPS",
                    "port": 443,
                    "hostname": settings.host,
                    "tls": {
                        "mode": "Terminate",
                        "certificateRefs": [{"group": "", "kind": "Secret", "name": settings.certificate}],
                    },
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                }
            ],
        },
    }


def _route(args: GatewayArgs) -> Manifest:
    return {
        "apiVersion": f"{_API}/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(_PART, _PART),
        "spec": {
            "parentRefs": [{"group": _API, "kind": "Gateway", "name": _PART}],
            "hostnames": [args.settings.host],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in PATHS],
                    "backendRefs": [{"group": "", "kind": "Service", "name": PREDICTOR, "port": 80, "weight": 1}],
                    "timeouts": {"request": f"{round(args.timeout_s)}s"},
                }
            ],
        },
    }


def _health() -> Manifest:
    """Google's balancers ask / unless they are told where, and think everybody ill who has nothing there."""
    asked = {"type": "HTTP", "httpHealthCheck": {"requestPath": HEALTH, "port": PORT}}
    return {
        "apiVersion": "networking.gke.io/v1",
        "kind": "HealthCheckPolicy",
        "metadata": metadata(_PART, _PART),
        "spec": {
            "default": {"checkIntervalSec": 5, "healthyThreshold": 1, "unhealthyThreshold": 2, "config": asked},
            "targetRef": {"group": "", "kind": "Service", "name": PREDICTOR},
        },
    }


def _ingress(settings: GatewaySettings) -> Manifest:
    backend = {"service": {"name": PREDICTOR, "port": {"name": "http"}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata(_PART, _PART),
        "spec": {
            "ingressClassName": settings.class_name,
            "tls": [{"hosts": [settings.host], "secretName": settings.certificate}],
            "rules": [
                {
                    "host": settings.host,
                    "http": {
                        "paths": [{"path": path, "pathType": "Prefix", "backend": backend} for path in PATHS],
                    },
                }
            ],
        },
    }
