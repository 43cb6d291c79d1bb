"""The edge's configuration as values: pure functions from regions, ports and a token to Envoy's documents.

Envoy reads clusters, listeners and endpoints from files and follows their replacement, so nothing here needs a
restart. Field names are those of the v3 API, https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/api.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
CONSOLE = "console"
REGION_HEADER = "x-slipway-region"

_HEALTH_INTERVAL = "0.25s"
_HEALTH_TIMEOUT = "0.5s"
_HEADERS_TIMEOUT = "10s"
_UPSTREAM_IDLE = "300s"  # below the predictor's 620 s, so that the edge is the one that closes
_TRIES_IN_A_REGION = 2  # then the next region is tried: health checks need half a second to see that this one is gone
_PRIORITIES = "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
_MANY = 4096  # Envoy's default of 3 retries at a time would fail callers when a replica dies under load

Document = dict[str, Any]


def bootstrap(folder: Path, admin_socket: Path) -> Document:
    """What Envoy starts with; the rest is read from files beside it.

    The admin interface can print the token and stop the edge, so it is a socket that only the user opens, not a port.
    """
    return {
        "node": {"id": "edge", "cluster": "slipway-local"},
        "admin": {"address": {"pipe": {"path": str(admin_socket), "mode": 0o600}}},
        "dynamic_resources": {
            "cds_config": _watched(folder / "clusters.json"),
            "lds_config": _watched(folder / "listeners.json"),
        },
        "stats_flush_interval": "2s",  # the span over which the status page's rates and percentiles are taken
    }


def clusters(folder: Path, regions: Sequence[str], console_port: int) -> Document:
    """One cluster for each region that a caller may be near, and the console."""
    near = [_predictor_cluster(folder, region) for region in regions]
    console = {
        "name": CONSOLE,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": _assignment(CONSOLE, [([console_port], 0, CONSOLE)]),
    }
    return _resources("envoy.config.cluster.v3.Cluster", [*near, console])


def endpoints(region: str, ports: Mapping[str, Sequence[int]]) -> Document:
    """Where the cluster of `region` sends requests: its own replicas, then the next region's when they fail."""
    ranked = sorted(ports, key=lambda other: (other != region, list(ports).index(other)))
    localities = [(ports[other], priority, other) for priority, other in enumerate(ranked)]
    assignment = _assignment(cluster_name(region), localities)
    return _resources("envoy.config.endpoint.v3.ClusterLoadAssignment", [assignment])


def listeners(*, port: int, token: str, regions: Sequence[str], timeout_s: float, retries: int) -> Document:
    """The one listener; without regions there is nothing to serve yet.

    Open: the page, the API's description, health. All else needs the token.
    """
    authorized = {"name": "authorization", "string_match": {"exact": f"Bearer {token}"}}
    routes = [
        _answer({"path": "/healthz"}, 200, "ok\n"),
        *[_route({"path": path}, CONSOLE) for path in ("/", "/page.css", "/page.js")],
        _route({"path": "/status.json", "headers": [authorized]}, CONSOLE),
        *(_predictor_routes(authorized, regions, timeout_s, retries) if regions else [_nothing_served(authorized)]),
        _answer({"prefix": "/"}, 401, '{"title":"the token is missing or wrong","detail":"send authorization: Bearer '
                '<token>; `slipway token` prints it"}\n'),
    ]  # fmt: skip
    manager = {
        "@type": _type("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "edge",
        "http_filters": [
            {"name": "router", "typed_config": {"@type": _type("envoy.extensions.filters.http.router.v3.Router")}}
        ],
        "request_headers_timeout": _HEADERS_TIMEOUT,
        "request_timeout": f"{timeout_s}s",
        "common_http_protocol_options": {"idle_timeout": "300s"},
        "normalize_path": True,
        "route_config": {
            "name": "edge",
            "validate_clusters": False,  # Envoy may see a new listener a moment before the clusters it names
            "virtual_hosts": [{"name": "edge", "domains": ["*"], "routes": routes}],
            "request_headers_to_remove": ["authorization"],  # the token stops at the edge
        },
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    listener = {"name": "edge", "address": _address(port), "filter_chains": [chain]}
    return _resources("envoy.config.listener.v3.Listener", [listener])


def cluster_name(region: str) -> str:
    return f"predictor-near-{region}"


def _predictor_routes(authorized: Document, regions: Sequence[str], timeout_s: float, retries: int) -> list[Document]:
    """A caller says where it is by header, as latency-based DNS would find out; else it is near the first region."""
    near = [(r, [authorized, {"name": REGION_HEADER, "string_match": {"exact": r}}]) for r in regions]
    everyone = (regions[0], [authorized])
    described = [_route({"path": path}, cluster_name(regions[0])) for path in ("/docs", "/openapi.json")]
    return described + [
        _route({"prefix": "/", "headers": headers}, cluster_name(region), _policy(timeout_s, retries))
        for region, headers in [*near, everyone]
    ]


def _policy(timeout_s: float, retries: int) -> Document:
    """Try another replica when one cannot be reached, cuts off or says 503.

    The id that the edge gives a request stays the same through its retries, which makes them safe for tasks.
    """
    previous = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    return {
        "timeout": f"{timeout_s}s",
        "retry_policy": {
            "retry_on": "connect-failure,refused-stream,reset,retriable-status-codes",
            "retriable_status_codes": [503],
            "num_retries": retries,
            "retry_host_predicate": [
                {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": _type(previous)}}
            ],
            "host_selection_retry_max_attempts": 5,
            "retry_priority": {
                "name": "envoy.retry_priorities.previous_priorities",
                "typed_config": {"@type": _type(_PRIORITIES), "update_frequency": _TRIES_IN_A_REGION},
            },
            "retry_back_off": {"base_interval": "0.02s", "max_interval": "0.2s"},
        },
    }


def _predictor_cluster(folder: Path, region: str) -> Document:
    name = cluster_name(region)
    limits = {"max_connections": _MANY, "max_pending_requests": _MANY, "max_requests": _MANY, "max_retries": _MANY}
    return {
        "name": name,
        "type": "EDS",
        "connect_timeout": "0.5s",
        "lb_policy": "LEAST_REQUEST",
        "eds_cluster_config": {"eds_config": _watched(folder / f"endpoints-{region}.json")},
        "health_checks": [
            {
                "interval": _HEALTH_INTERVAL,
                "no_traffic_interval": _HEALTH_INTERVAL,
                "unhealthy_interval": _HEALTH_INTERVAL,
                "timeout": _HEALTH_TIMEOUT,
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "http_health_check": {"path": "/v2/health/ready"},
            }
        ],
        "outlier_detection": {
            # a replica that cannot be reached goes at once; one that says 503 is busy, and stays
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 3,
            "consecutive_5xx": 50,
            "interval": "1s",
            "base_ejection_time": "2s",
            "max_ejection_percent": 50,
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": _type("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
                "explicit_http_config": {"http_protocol_options": {}},
                "common_http_protocol_options": {"idle_timeout": _UPSTREAM_IDLE},
            }
        },
        "circuit_breakers": {"thresholds": [{"priority": p, **limits} for p in ("DEFAULT", "HIGH")]},
        # No panic: with every replica of a region gone its callers go to the next region, never to a dead one.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "ignore_new_hosts_until_first_hc": True},
    }


def _assignment(name: str, localities: Sequence[tuple[Sequence[int], int, str]]) -> Document:
    return {
        "cluster_name": name,
        "endpoints": [
            {
                "locality": {"region": region},
                "priority": priority,
                "lb_endpoints": [{"endpoint": {"address": _address(port)}} for port in ports],
            }
            for ports, priority, region in localities
        ],
    }


def _route(match: Document, cluster: str, policy: Document | None = None) -> Document:
    return {"match": match, "route": {"cluster": cluster, **(policy or {"timeout": "5s"})}}


def _nothing_served(authorized: Document) -> Document:
    body = '{"title":"no release is served yet","detail":"train one with `slipway train`, then `slipway promote`"}\n'
    return _answer({"prefix": "/", "headers": [authorized]}, 503, body)


def _answer(match: Document, status: int, body: str) -> Document:
    return {"match": match, "direct_response": {"status": status, "body": {"inline_string": body}}}


def _watched(file: Path) -> Document:
    return {"path_config_source": {"path": str(file)}, "resource_api_version": "V3"}


def _address(port: int) -> Document:
    return {"socket_address": {"address": HOST, "port_value": port}}


def _resources(kind: str, resources: Sequence[Document]) -> Document:
    return {"resources": [{"@type": _type(kind), **resource} for resource in resources]}


def _type(kind: str) -> str:
    return f"type.googleapis.com/{kind}"
