"""Where things lie in every store of a platform, whichever cloud keeps it."""

RELEASES, CHECKPOINTS, RUNS = "releases/", "checkpoints/", "mlflow/"
REPLICATED = (RELEASES, CHECKPOINTS)
"""What every region gets a copy of, so that each can serve and go on training."""

IMAGES = ("predictor", "worker", "trainer")
"""Images of a platform; each has a repository in its registry."""
