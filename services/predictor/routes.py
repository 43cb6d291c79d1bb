"""Every path that a replica answers, and the endpoints that only describe it: health, metadata, metrics, API page."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from services.predictor import openapi
from services.predictor.batcher import Batcher
from services.predictor.exchange import Answer, Endpoint, Request, Routes, as_json
from services.predictor.metrics import CONTENT_TYPE, Metrics
from services.predictor.prediction import Prediction
from services.predictor.problem import Problem
from services.predictor.settings import Settings
from services.predictor.task_routes import Tasks
from slipway.release import Release

_PAGE = Path(__file__).with_name("page.html")
_PAGE_POLICY = b"default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@dataclass(kw_only=True)
class Replica:
    """What the endpoints share. stopping: set once, when the replica is told to stop."""

    release: Release
    settings: Settings
    batcher: Batcher
    metrics: Metrics
    stopping: asyncio.Event

    @cached_property
    def document(self) -> bytes:
        """The OpenAPI document: made when first asked for, the same for the life of the replica."""
        return msgspec.json.encode(
            openapi.document(self.release, max_rows=self.settings.max_batch, tasks=bool(self.settings.queue_url))
        )


def build_routes(replica: Replica) -> Routes:
    """Path to method to endpoint. A release serves one model, so the paths that name it are known here."""
    release = replica.release
    prediction = Prediction(
        release, replica.batcher, max_rows=replica.settings.max_batch, deadline_s=replica.settings.deadline_s
    )
    describe = _Description(replica)
    infer = {"POST": Endpoint("infer", prediction.infer, takes_body=True)}
    metadata = {"GET": Endpoint("metadata", describe.model)}
    ready = {"GET": Endpoint("ready", describe.ready)}
    routes: Routes = {
        "/predict": {"POST": Endpoint("predict", prediction.predict, takes_body=True)},
        "/v2": {"GET": Endpoint("metadata", describe.server)},
        "/v2/health/live": {"GET": Endpoint("live", describe.live)},
        "/v2/health/ready": ready,
        "/v2/models/": {"GET": (other := Endpoint("metadata", describe.other_model)), "POST": other},
        "/metrics": {"GET": Endpoint("metrics", describe.metrics)},
        "/openapi.json": {"GET": Endpoint("openapi", describe.openapi)},
        "/docs": {"GET": Endpoint("docs", describe.page)},
    }
    for model in (f"/v2/models/{release.name}", f"/v2/models/{release.name}/versions/{release.version}"):
        routes |= {model: metadata, f"{model}/ready": ready, f"{model}/infer": infer}
    if tasks := replica.settings.queue_url:
        routes |= Tasks(tasks, prediction.instances, replica.stopping).routes
    return routes


class _Description:
    """Endpoints that answer from what is known when the replica starts."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._release = replica.release

    async def server(self, request: Request) -> Answer:
        return as_json({"name": "slipway-predictor", "version": self._release.short, "extensions": []})

    async def live(self, request: Request) -> Answer:
        return as_json({"live": True})

    async def ready(self, request: Request) -> Answer:
        """503 while draining: the edge's active checks take the replica out, and it serves on until they have."""
        ready = not self._replica.stopping.is_set()
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return as_json({"name": self._release.name, "ready": ready}, status)

    async def model(self, request: Request) -> Answer:
        signature = self._release.signature
        return as_json(
            {
                "name": self._release.name,
                "versions": [self._release.version],
                "platform": "onnxruntime_onnx",
                "inputs": [_tensor(tensor) for tensor in signature.inputs],
                "outputs": [_tensor(tensor) for tensor in signature.outputs],
            }
        )

    async def other_model(self, request: Request) -> Answer:
        served = f"/v2/models/{quote(self._release.name)}"
        raise Problem(
            HTTPStatus.NOT_FOUND,
            f"this replica serves {self._release.name!r} version {self._release.version!r} alone, at {served}",
        )

    async def metrics(self, request: Request) -> Answer:
        return Answer(self._replica.metrics.page(), media_type=CONTENT_TYPE)

    async def openapi(self, request: Request) -> Answer:
        return Answer(self._replica.document)

    async def page(self, request: Request) -> Answer:
        headers = ((b"content-security-policy", _PAGE_POLICY),)
        return Answer(_PAGE.read_bytes(), media_type=b"text/html; charset=utf-8", headers=headers)


def _tensor(tensor: Any) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.dtype, "shape": tensor.shape}
