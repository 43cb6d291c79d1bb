"""`python -m services.predictor.health`: exit code 0 when the replica on PORT is ready; an image's HEALTHCHECK."""

import http.client
import os
import sys

_TIMEOUT_S = 2


def main() -> int:
    port = os.environ.get("SLIPWAY_PORT") or os.environ.get("PORT", "8080")
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/v2/health/ready")
        return 0 if connection.getresponse().status == http.HTTPStatus.OK else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
