"""The Kubernetes half on a real control plane: what is accepted, and what becomes of it.

plane/ starts the control plane; standin/ is the provider between the engine and its API server, which is ours and only
stands in for Pulumi's own. Nodes are KWOK's: they run no container.
"""
