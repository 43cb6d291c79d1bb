"""`pulumi-resource-gcp`, as the engine starts it from PATH."""

from tests.engine.simulated.core.server import serve
from tests.engine.simulated.gcp.cloud import Gcp

if __name__ == "__main__":
    serve(Gcp())
