"""The network of the local stack: loopback. Nothing is built, and nothing may bind to another address."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Network:
    """The addresses that callers need to know; every other port is chosen when its service is created."""

    edge_port: int
    queue_port: int
    host: str = "127.0.0.1"
