"""Which engine to use: the first of three origins that gives one."""

from slipway.toolchain import engine, modules, release


def find_engine() -> engine.Engine:
    """The engine to use on this machine. The first call may take minutes and shows its progress.

    Raises ToolchainError when no origin gives one, with what to install.
    """
    found = engine.on_path()
    if found is not None:
        return found
    cached = release.cached() or modules.cached()
    if cached is not None:
        return cached
    return release.download() or modules.build()
