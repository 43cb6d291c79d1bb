"""The same model behind FastAPI, with the predictor's own batcher, and features checked by pydantic as its users do."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import GenericAlias
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI, Request
from pydantic import Field, create_model

from services.predictor.batcher import Batcher
from services.predictor.model import Model
from services.predictor.prediction import spell
from slipway.signature import Category, Feature
from tests.bench import rival

_QUEUE_LIMIT = 1024
_DEADLINE_S = 2.0


def build() -> FastAPI:
    folder, release = rival.release()
    signature = release.signature
    model = Model(folder, release)
    packer = rival.Packer(signature)
    row_type: Any = create_model("Row", **{feature.name: _field(feature) for feature in signature.features})
    rows_type: Any = GenericAlias(list, (row_type,))
    body_type: Any = create_model("Body", instances=(rows_type, ...))

    @asynccontextmanager
    async def batching(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher = Batcher(model.infer, max_rows=rival.MAX_BATCH, limit_rows=_QUEUE_LIMIT)
        yield
        app.state.batcher.close()

    app = FastAPI(lifespan=batching)

    @app.get("/health")
    async def health() -> str:
        return "ok"

    async def predict(body: Any, request: Request) -> dict[str, Any]:
        inputs = packer.pack(row.model_dump() for row in body.instances)
        batcher: Batcher = request.app.state.batcher
        outputs = await batcher.submit(inputs, len(body.instances), time.monotonic() + _DEADLINE_S)
        return {"predictions": spell(outputs, signature.labels)}

    predict.__annotations__["body"] = body_type  # known only now, made from the signature
    app.post("/predict")(predict)
    return app


def _field(feature: Feature) -> Any:
    if isinstance(feature, Category):
        return (Literal[feature.values], ...)
    return (float, Field(ge=feature.minimum, le=feature.maximum))


if __name__ == "__main__":
    uvicorn.run(
        build(),
        host="127.0.0.1",
        port=rival.port(),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
