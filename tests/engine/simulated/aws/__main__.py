"""`pulumi-resource-aws`, as the engine starts it from PATH."""

from tests.engine.simulated.aws.cloud import Aws
from tests.engine.simulated.core.server import serve

if __name__ == "__main__":
    serve(Aws())
