"""The programs are run, not imported: they say `import torch`."""

from pathlib import Path

collect_ignore = [path.name for path in Path(__file__).parent.glob("*.py") if path.name not in ("conftest.py", "test_programs.py")]
