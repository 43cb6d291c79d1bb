"""What runs where, and how well: one snapshot of the local stack for `slipway status` and the edge's page.

`observe` asks supervisord, Envoy and Valkey; everything after it is a pure function on what they said.
"""

import asyncio
import http.client
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from slipway.inventory import Inventory, Running
from slipway.slots import Slot, slots
from slipway.unix_http import UnixConnection

_CLUSTER = re.compile(r"^predictor-near-(?P<near>[a-z0-9-]+)$")
_TIMEOUT_S = 2.0


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """One slot. health: healthy, unhealthy or unknown, as the edge sees it; running or not, as supervisord sees it."""

    slot: int
    port: int
    state: str
    health: str
    pid: int
    uptime_s: float


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    role: str
    region: str
    replicas: tuple[Replica, ...]


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """requests_per_s since the snapshot before; percentiles over the edge's last flush, None when idle."""

    requests_per_s: float
    p50_ms: float | None
    p95_ms: float | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """healthy: every region has a healthy replica."""

    endpoint: str
    release: str
    release_name: str
    healthy: bool
    rates: Rates
    queue_depth: int | None
    services: tuple[ServiceStatus, ...]
    links: dict[str, str]


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What was said at one moment. A part that did not answer is empty or None; `queue_depth` counts waiting tasks."""

    at_s: float
    slots: tuple[Slot, ...]
    clusters: dict[str, Any]
    stats: dict[str, Any]
    queue_depth: int | None


def observe(inventory: Inventory) -> Observation:
    """Ask every part once; at most 2 s each. A part that is down is seen as such, never an error."""
    admin = Path(inventory.edge_admin_socket)
    return Observation(
        at_s=time.monotonic(),
        slots=_slots(Path(inventory.supervisor_socket)),
        clusters=_ask(admin, "/clusters?format=json"),
        stats=_ask(admin, "/stats?format=json&filter=^(http.edge.downstream_rq_(total|time)|cluster.predictor-near)"),
        queue_depth=_queue_depth(Path(inventory.queue_url_file)),
    )


def summarise(inventory: Inventory, now: Observation, before: Observation | None = None) -> Status:
    """The snapshot; rates need an observation from before."""
    health = edge_health(now.clusters)
    services = tuple(_service(running, now.slots, health) for running in inventory.services)
    predictors = [service for service in services if service.role == "predictor"]
    return Status(
        endpoint=inventory.endpoint,
        release=inventory.release,
        release_name=inventory.release_name,
        healthy=bool(predictors) and all(any(r.health == "healthy" for r in s.replicas) for s in predictors),
        rates=rates(now, before),
        queue_depth=now.queue_depth,
        services=services,
        links=inventory.links,
    )


def edge_health(clusters: Mapping[str, Any]) -> dict[int, bool]:
    """Whether Envoy sends requests to each port, from its /clusters document."""
    health: dict[int, bool] = {}
    for cluster in clusters.get("cluster_statuses", []):
        if not _CLUSTER.match(cluster["name"]):
            continue
        for host in cluster.get("host_statuses", []):
            port = host["address"]["socket_address"]["port_value"]
            status = host.get("health_status", {})
            failing = any(status.get(flag) for flag in ("failed_active_health_check", "failed_outlier_check"))
            health[port] = not failing and status.get("eds_health_status", "HEALTHY") in ("HEALTHY", "UNKNOWN")
    return health


def rates(now: Observation, before: Observation | None) -> Rates:
    """Requests per second between two observations, and the edge's own percentiles."""
    requests = 0.0
    if before is not None and now.at_s > before.at_s:
        grown = _counter(now.stats, "http.edge.downstream_rq_total") - _counter(
            before.stats, "http.edge.downstream_rq_total"
        )
        requests = max(0.0, grown / (now.at_s - before.at_s))
    p50, p95 = _percentiles(now.stats, "http.edge.downstream_rq_time")
    return Rates(requests_per_s=round(requests, 1), p50_ms=p50, p95_ms=p95)


def _service(running: Running, all_slots: tuple[Slot, ...], health: Mapping[int, bool]) -> ServiceStatus:
    mine = sorted((slot for slot in all_slots if slot.service == running.service_id), key=lambda slot: slot.slot)
    replicas = tuple(
        Replica(
            slot=slot.slot,
            port=(port := running.ports[slot.slot] if slot.slot < len(running.ports) else 0),
            state=slot.state,
            health=_health(running, slot, health.get(port)),
            pid=slot.pid,
            uptime_s=slot.uptime_s,
        )
        for slot in mine
    )
    return ServiceStatus(name=running.name, role=running.role, region=running.region, replicas=replicas)


def _health(running: Running, slot: Slot, edge_says: bool | None) -> str:
    if slot.state != "running":
        return "unhealthy"
    if running.role != "predictor":
        return "healthy"
    return {True: "healthy", False: "unhealthy", None: "unknown"}[edge_says]


def _counter(stats: Mapping[str, Any], name: str) -> float:
    return next((s["value"] for s in stats.get("stats", []) if s.get("name") == name), 0.0)


def _percentiles(stats: Mapping[str, Any], name: str) -> tuple[float | None, float | None]:
    histograms = next((s["histograms"] for s in stats.get("stats", []) if "histograms" in s), {})
    quantiles = histograms.get("supported_quantiles", [])
    for computed in histograms.get("computed_quantiles", []):
        if computed["name"] == name:
            interval = [value.get("interval") for value in computed["values"]]
            by_quantile = dict(zip(quantiles, interval, strict=False))
            return by_quantile.get(50), by_quantile.get(95)
    return None, None


def _slots(supervisor: Path) -> tuple[Slot, ...]:
    try:
        return tuple(slots(supervisor))
    except OSError:
        return ()


def _queue_depth(url_file: Path) -> int | None:
    from services.tasks import QueueUnavailableError, open_queue

    async def waiting() -> int:
        queue = open_queue(url_file.read_text().strip())
        try:
            depth = await queue.depth()
            return depth.queued + depth.delayed
        finally:
            await queue.aclose()

    try:
        return asyncio.run(waiting())
    except (OSError, QueueUnavailableError):
        return None


def _ask(admin: Path, path: str) -> dict[str, Any]:
    """One GET on Envoy's admin socket; empty when it does not answer."""
    connection = UnixConnection(admin, timeout_s=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return {}
    finally:
        connection.close()
