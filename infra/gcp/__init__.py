"""The `gcp` target: one typed program for several regions, the same file names as every target.

`target.build` puts the parts together. Nothing here asks Google: names, zones, offers and the project's number come
from settings and catalog, so a preview is the same for everyone. What is refused is in infra/settings and infra/policy.
"""
