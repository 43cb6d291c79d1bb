"""What every simulated cloud shares: the engine's protocol, the state of the cloud, faults, references, type checks.

A cloud is a value of the protocol in cloud.py. Nothing here knows the name of a resource type.
"""
