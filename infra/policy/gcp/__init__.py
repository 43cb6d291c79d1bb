"""Where Google's resources say what rules speak of: a small function per idea, for the types of pulumi-gcp 10.

Nothing here judges, and nothing here imports the SDK: types and properties are texts, as the engine hands them over.
"""
