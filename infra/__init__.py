"""The Pulumi program: settings -> target -> outputs. `__main__` is the whole story on one page.

Nothing here serves requests or trains; nothing in `services` or `training` imports this package.
"""
