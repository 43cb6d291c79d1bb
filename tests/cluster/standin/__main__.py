"""The executable, as `pulumi-resource-kubernetes` on the engine's PATH starts it."""

from tests.cluster.standin.server import Servicer
from tests.engine.simulated.core.protocol import serve

serve(Servicer())
