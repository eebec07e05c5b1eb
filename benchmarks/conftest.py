"""Of this folder pytest looks only at tests: the rest may need libraries that are not installed."""

collect_ignore_glob = ["[!t]*.py", "tinygrad_cases.py"]
