"""Stands in for `pulumi-resource-kubernetes`, Pulumi's provider for Kubernetes, which cannot be had everywhere.

Ours, and written from what the provider 4 does, so that the engine, the programs and the API server meet as they would:
server-side apply with a field manager, dry runs in a preview, waiting for readiness, replacement of what cannot change,
refresh by the fields that are ours. What it says of an object is said by the API server. Deliberately not here: Helm,
Kustomize, YAML files, `*Patch` resources, client-side apply, rendering to files. It never reads a kubeconfig that it
was not given.
"""
