"""``python -m tensorlite script.py``: run a program that was written for PyTorch."""

from .cli import main

if __name__ == "__main__":
    main()
