"""The `slipway` command. Each file holds one group of commands; what they do is in the modules above.

Exit codes: 0 done, 1 failed, 2 wrong settings or usage, 3 toolchain, 4 engine, 5 release, 6 training, 7 catalog,
8 placement, 9 preview, 10 over the budget, 11 not judged against the budget, 130 interrupted.
"""

from slipway.cli.app import main

__all__ = ["main"]
