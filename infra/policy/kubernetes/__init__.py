"""Where Kubernetes' objects say what rules speak of: a small function per idea, for the kinds of Kubernetes 1.36.

Nothing here judges, and nothing here imports the SDK: kinds and fields are texts, as the engine hands them over.
"""
