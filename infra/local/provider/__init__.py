"""The provider of the local stack: real Pulumi resources `Service` and `File`, kept by supervisord and the file system.

A program uses what is exported here. The executable `pulumi-resource-slipway` is server.main; the engine finds it by
its name on PATH. What is deliberately not here: what services run (infra/local/*), and how many of their slots do
(services/autoscaler through slipway.slots).
"""

from infra.local.provider.resources import File, Provider, Service
from infra.local.provider.spec import Limits, Logs, Probe
from infra.local.provider.sweep import stop_everything, sweep

__all__ = ["File", "Limits", "Logs", "Probe", "Provider", "Service", "stop_everything", "sweep"]
