"""The same model behind LitServe, set up as its authors advise for many small requests, and with less to do.

Batching on, its ZeroMQ queue (`fast_queue`), no access log. It packs features without checking them and counts nothing.
Tried on 2 cores, none clearly faster: its default queue, batch timeouts of 0, 2 and 5 ms, two inference workers, three
API servers.
"""

import os
from typing import Any

import numpy as np
from litserve import LitAPI, LitServer

from services.predictor.model import Model
from services.predictor.prediction import spell
from tests.bench import rival

_BATCH_TIMEOUT_S = 0.001


class Employment(LitAPI):
    def setup(self, device: str) -> None:
        folder, release = rival.release()
        self.model = Model(folder, release)
        self.packer = rival.Packer(release.signature)
        self.labels = release.signature.labels

    def decode_request(self, request: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return request["instances"][0]

    def batch(self, inputs: list[dict[str, Any]]) -> dict[str, np.ndarray]:
        return self.packer.pack(inputs)

    def predict(self, x: dict[str, np.ndarray], **kwargs: Any) -> np.ndarray:
        return self.model.infer(x)["probabilities"]

    def unbatch(self, output: np.ndarray) -> list[np.ndarray]:
        return list(output)

    def encode_response(self, output: np.ndarray, **kwargs: Any) -> dict[str, Any]:
        return {"predictions": spell({"probabilities": output[None]}, self.labels)}


def main() -> None:
    api = Employment(max_batch_size=rival.MAX_BATCH, batch_timeout=_BATCH_TIMEOUT_S)
    server = LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True, disable_openapi_url=True)
    server.run(
        host="127.0.0.1",
        port=rival.port(),
        num_api_servers=int(os.environ.get("API_SERVERS", "1")),
        log_level="warning",
        generate_client_file=False,
        access_log=False,
    )


if __name__ == "__main__":
    main()
