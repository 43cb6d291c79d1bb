"""The `kubernetes` target: what runs on a cluster that is there, on EKS, on GKE or on any other.

A stack of its own, beside the cloud's that made the cluster (decision 0012). Each file holds one concern as pure
functions that give manifests, and a component that registers them: so tests check every object against Kubernetes' own
schemas without an engine. `target.build` puts the parts together, access.py says which cluster.

Deliberately not here: clusters and nodes (infra/aws, infra/gcp), operators such as KEDA and Prometheus (settings say
whether they are there), and training jobs: those are submitted, and what a job needs is held ready in trainer.py.
"""
