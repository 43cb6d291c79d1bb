"""Writes the snapshots of tests/stacks anew: `python -m tests.stacks.renew_snapshots`. Read the difference in git."""

from pathlib import Path

from tests.stacks.programs import STACKS, graph


def main() -> None:
    folder = Path(__file__).parent / "snapshots"
    folder.mkdir(exist_ok=True)
    for stack in STACKS:
        lines = sorted(f"{resource.type} {resource.name}" for resource in graph(stack))
        (folder / f"{stack}.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
