"""`python -m slipway.toolchain` makes sure that there is an engine and says which; `make` calls it in set-up."""

import sys

from slipway.errors import SlipwayError
from slipway.toolchain import find_engine


def main() -> int:
    try:
        engine = find_engine()
    except SlipwayError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"pulumi {engine.version} ({engine.origin})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
