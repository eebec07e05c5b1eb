"""Print the shell command that stands under a heading of README.md.

    python3 .ci/readme_command.py "Run it"

What the README promises is what is run: the section must have exactly one fenced block with exactly one line in it.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def command(heading: str, text: str) -> str:
    """The one line of the one fenced block under `heading`."""
    sections = re.split(r"^## +", text, flags=re.MULTILINE)
    found = [s for s in sections[1:] if s.splitlines()[0].strip() == heading]
    if len(found) != 1:
        raise SystemExit(f"README.md: there must be one heading '## {heading}', and there are {len(found)}")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", found[0], flags=re.MULTILINE | re.DOTALL)
    if len(blocks) != 1:
        raise SystemExit(f"README.md: '{heading}' must have one fenced block, and it has {len(blocks)}")
    lines = blocks[0].strip().splitlines()
    if len(lines) != 1:
        raise SystemExit(f"README.md: the block under '{heading}' must be one command on one line")
    return lines[0]


if __name__ == "__main__":
    print(command(sys.argv[1], README.read_text(encoding="utf-8")))
