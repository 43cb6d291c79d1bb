"""The two endpoints that ask the model: /predict with named rows, and the Open Inference Protocol's infer."""

import logging
import math
from http import HTTPStatus
from typing import Any

import msgspec
import numpy as np

from services.predictor import inference
from services.predictor.batcher import Batcher, DeadlinePassedError, QueueFullError, Tensors
from services.predictor.exchange import Answer, Request
from services.predictor.instances import Instances, Rows
from services.predictor.model import RefusedByModelError
from services.predictor.problem import Problem
from slipway.release import Release

log = logging.getLogger(__name__)

_RETRY_AFTER = (b"retry-after", b"1")  # a full queue empties in well under the least that this header can say


class Prediction:
    """Endpoints over one release's batcher. max_rows: most rows in a request. deadline_s: the longest a request may
    wait for its turn; less when the edge says that it will give up earlier.
    """

    def __init__(self, release: Release, batcher: Batcher, *, max_rows: int, deadline_s: float = math.inf) -> None:
        self.instances = Instances(release.signature, max_rows=max_rows)
        self._release = release
        self._signature = release.signature
        self._batcher = batcher
        self._max_rows = max_rows
        self._deadline_s = deadline_s
        self._served = {"model": release.name, "version": release.version, "release": release.short}

    async def predict(self, request: Request) -> Answer:
        outputs = await self._ask(self.instances.decode(request.body), request)
        return Answer(msgspec.json.encode({"predictions": spell(outputs, self._signature.labels), **self._served}))

    async def infer(self, request: Request) -> Answer:
        wanted, rows = inference.decode(request.body, self._signature, max_rows=self._max_rows)
        outputs = await self._ask(rows, request)
        return Answer(
            inference.encode(wanted, outputs, self._signature, model=self._release.name, version=self._release.version)
        )

    async def _ask(self, rows: Rows, request: Request) -> Tensors:
        deadline = request.began + min(self._deadline_s, request.patience_s)
        try:
            outputs = await self._batcher.submit(rows.inputs, rows.count, deadline)
        except QueueFullError:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "this replica's queue is full; try again", headers=[_RETRY_AFTER]
            ) from None
        except DeadlinePassedError:
            raise Problem(
                HTTPStatus.GATEWAY_TIMEOUT, "the request's deadline passed while it waited; it was not computed"
            ) from None
        except RefusedByModelError as error:
            log.info("the model refused a request: %s", error)
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "the model cannot take these values, although names and shapes are right",
            ) from None
        if not all(np.isfinite(tensor).all() for tensor in outputs.values()):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "the model has no finite answer to these values")
        return outputs


def spell(outputs: Tensors, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """One object a row, numbers at full float32 precision: with labels, the likeliest and each one's probability.

    Outputs that the labels do not name are given by their own name.
    """
    columns = {name: tensor.tolist() for name, tensor in outputs.items()}
    if not labels:
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    classes, *others = columns
    rows = []
    for index, probabilities in enumerate(columns[classes]):
        likeliest = labels[probabilities.index(max(probabilities))]
        row: dict[str, Any] = {"label": likeliest, classes: dict(zip(labels, probabilities, strict=True))}
        for other in others:
            row[other] = columns[other][index]
        rows.append(row)
    return rows
