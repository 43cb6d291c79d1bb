"""The code of the authorizer in front of a region's HTTP API; gateway.py deploys it."""
