"""What the engine runs for `--policy-pack infra/policy`."""

from infra.policy.pack import serve

serve()
