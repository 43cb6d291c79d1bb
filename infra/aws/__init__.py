"""The `aws` target: one typed program for several regions, the same file names as every target.

`target.build` puts the parts together. Nothing here asks AWS: names, zones and offers come from settings and catalog,
so a preview is the same for everyone and needs no credentials. What is refused is in infra/settings and infra/policy.
"""
