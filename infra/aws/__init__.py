"""The `aws` target: one typed program for several regions, the same file names as every target.

`target.build` puts the parts together. Nothing here asks AWS: names, zones and offers come from settings and catalog,
so a preview is the same for everyone. The provider itself looks whose credentials it has. What is refused is in
infra/settings and infra/policy.
"""
