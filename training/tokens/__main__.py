"""`python -m training.tokens TEXT… --out tokens.npy`: makes a token file of text, by bytes."""

import argparse
import sys
from pathlib import Path

from slipway.errors import SlipwayError
from training.tokens.text import documents, write_tokens


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.tokens", description="Make a token file of text, by bytes."
    )
    parser.add_argument("text", nargs="+", type=Path, help="a file, or a folder whose files are documents")
    parser.add_argument("--out", required=True, type=Path, help="the .npy file to write")
    chosen = parser.parse_args(argv)
    try:
        files = documents(chosen.text)
        count = write_tokens(files, chosen.out)
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{len(files):,} documents, {count:,} tokens: {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
