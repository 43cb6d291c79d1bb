"""The Pulumi engine on this machine: found, downloaded or built, and the environment that it runs in.

Order: a `pulumi` on PATH that is recent enough, Pulumi's own release, a build from the Go modules pinned in
tools/pulumi. What is built or downloaded lies in the cache, keyed by version, and is verified at each use.
"""

from slipway.toolchain.engine import Engine
from slipway.toolchain.environment import engine_variables
from slipway.toolchain.find import find_engine

__all__ = ["Engine", "engine_variables", "find_engine"]
