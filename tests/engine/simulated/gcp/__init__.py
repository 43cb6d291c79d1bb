"""GCP as far as it is simulated: what its resource types are called, made of, and refused for.

The SDK's types and Google's discovery documents are read, not written down; resources/*.yaml holds what neither says.
"""
