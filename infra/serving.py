"""What every cloud tells the predictor that it runs: where it is asked, and what it reads as it starts. Pure."""

from pulumi import Input

from infra.settings import PredictorSettings
from slipway.release import Pin

HEALTH = "/v2/health/ready"
"""Answers 200 once the release is loaded and its golden rows are reproduced."""

RELEASE_FOLDER = "/tmp/release"  # noqa: S108 - the one folder that the container may write, nobody else's


def predictor_environment(
    settings: PredictorSettings, *, region: str, pin: Pin, store: Input[str], host: str, port: int
) -> dict[str, Input[str]]:
    """What services/predictor/settings.py reads, and what the image needs to bring its release.

    store: URL of the bucket that holds the release. host: the address to listen on, inside the container.
    """
    return {
        "ORT_DISABLE_TELEMETRY": "1",
        "SLIPWAY_DEADLINE_MS": str(settings.deadline_ms),
        "SLIPWAY_HOST": host,
        "SLIPWAY_MAX_BATCH": str(settings.max_batch),
        "SLIPWAY_PORT": str(port),
        "SLIPWAY_QUEUE_LIMIT": str(settings.queue_limit),
        "SLIPWAY_REGION": region,
        "SLIPWAY_RELEASE": RELEASE_FOLDER,
        "SLIPWAY_RELEASE_DIGEST": pin.digest,
        "SLIPWAY_RELEASE_NAME": pin.name,
        "SLIPWAY_STORE": store,
    }
