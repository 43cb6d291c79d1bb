"""The OpenAPI document of one release: a client generated from it spells no /predict that a replica would refuse.

Pure: a release in, a document out; schemas.py has the shapes.
"""

from typing import Any

from services.predictor.schemas import Schema, closed, ref, schemas, task_schemas
from services.predictor.task_routes import MAX_WAIT_S
from slipway.release import Release

_REFUSALS = {
    "400": "the body is not JSON",
    "408": "the body did not arrive in time",
    "413": "the body is too large",
    "415": "the body is not application/json",
    "422": "the body does not fit the model; `faults` names every mistake",
    "503": "the queue is full; try again after Retry-After seconds",
    "504": "the deadline passed while the request waited; it was not computed",
}


def document(release: Release, *, max_rows: int, tasks: bool) -> dict[str, Any]:
    """tasks: whether the replica has a queue, and so the routes under /tasks."""
    model = f"/v2/models/{release.name}"
    version = f"{model}/versions/{release.version}"
    metadata = _get("What the model takes and gives", ref("ModelMetadata"), "metadata")
    ready = _get("Whether the model answers", ref("Ready"), "modelReady", not_ready=True)
    infer = _post("Ask with tensors (Open Inference Protocol v2)", "InferRequest", ref("InferResponse"), "infer")
    paths: dict[str, Any] = {
        "/predict": _post("Ask with named values", "PredictRequest", ref("PredictResponse"), "predict"),
        f"{model}/infer": infer,
        f"{version}/infer": _renamed(infer, "inferVersion"),
        model: metadata,
        version: _renamed(metadata, "metadataVersion"),
        f"{model}/ready": ready,
        f"{version}/ready": _renamed(ready, "versionReady"),
        "/v2": _get("The server's name and version", ref("ServerMetadata"), "server"),
        "/v2/health/live": _get("Whether the process answers", closed({"live": {"type": "boolean"}}), "live"),
        "/v2/health/ready": _get("Whether it wants traffic", ref("Ready"), "ready", not_ready=True),
    }
    if tasks:
        paths |= _task_paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Slipway predictor: {release.name}",
            "version": release.version,
            "description": f"Serves release {release.short}. Every answer names it in `x-slipway-release`.",
        },
        "paths": paths,
        "components": {"schemas": schemas(release, max_rows=max_rows) | (task_schemas() if tasks else {})},
    }


def _task_paths() -> dict[str, Any]:
    put = _post("Hand over long work", "PredictRequest", ref("TaskTaken"), "putTask", status="202")
    put["post"]["parameters"] = [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
            "description": "the same key is the same task, however often it is sent",
        }
    ]
    put["post"]["responses"]["202"]["headers"] = {"Location": {"schema": {"type": "string"}}}
    put["post"]["responses"]["409"] = _problem("the idempotency key came before, with another body")
    got = _get("A task's state, and its result once done", ref("Task"), "getTask")
    got["get"]["parameters"] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}},
        {
            "name": "wait",
            "in": "query",
            "schema": {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S},
            "description": "answer as soon as the task has finished, at the latest after this many seconds",
        },
    ]
    got["get"]["responses"] |= {
        "404": _problem("there is no such task"),
        "422": _problem("`wait` is out of bounds"),
        "503": _problem("the queue does not answer; try again after Retry-After seconds"),
    }
    return {"/tasks": put, "/tasks/{id}": got}


def _json(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": ref("Problem")}}}


def _get(summary: str, schema: Schema, operation: str, *, not_ready: bool = False) -> dict[str, Any]:
    responses = {"200": _json("yes", schema), "default": _problem("a problem")}
    if not_ready:
        responses["503"] = _json("not ready: the replica is about to stop", schema)
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}


def _post(summary: str, request: str, schema: Schema, operation: str, *, status: str = "200") -> dict[str, Any]:
    refusals = {status: _problem(description) for status, description in _REFUSALS.items()}
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref(request)}}},
            "responses": {status: _json("the answer", schema), **refusals, "default": _problem("a problem")},
        }
    }


def _renamed(path: dict[str, Any], operation: str) -> dict[str, Any]:
    return {method: described | {"operationId": operation} for method, described in path.items()}
