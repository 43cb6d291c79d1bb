"""Who may do what on one machine: a random token for callers of the edge, a random password for the queue.

Both are made by the engine at the first `up`, kept as secrets in state, and written to files that only the user reads.
"""

from pulumi import ComponentResource, Output, ResourceOptions

from infra.local.provider import File

_TOKEN_BYTES = 32


class Identity(ComponentResource):
    edge_token: Output[str]
    queue_password: Output[str]

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Identity", name, None, opts)
        child = ResourceOptions(parent=self)

        edge = File(f"{name}-edge-token", path="secrets/edge-token", random_bytes=_TOKEN_BYTES, mode=0o600, opts=child)
        queue = File(
            f"{name}-queue-password", path="secrets/queue-password", random_bytes=_TOKEN_BYTES, mode=0o600, opts=child
        )

        self.edge_token, self.queue_password = Output.secret(edge.content), Output.secret(queue.content)
        self.register_outputs({})
