"""The documentation: it builds without a warning, and its links lead somewhere, in the built site and between the files."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]


class Page(HTMLParser):
    """The anchors of a page, and what it refers to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        elif tag in ("img", "script", "link", "object"):
            self.loaded |= {given[name] for name in ("src", "href", "data") if name in given}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp("site")
    options = ["-q", "-W", "--keep-going", "-d", str(folder / "cache")]
    command = [sys.executable, "-m", "sphinx", *options, str(DOCS), str(folder / "html")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stderr.strip(), done.stderr
    return folder / "html"


def test_links_of_the_site(site: Path) -> None:
    pages = {file: Page(file) for file in site.rglob("*.html")}
    assert len(pages) > 40
    broken = []
    for file, page in pages.items():
        for link in page.links | page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                broken.append(f"{file.relative_to(site)}: {link}")
    assert not broken, "\n".join(broken)


def test_the_site_needs_no_network(site: Path) -> None:
    outside = {link for file in site.rglob("*.html") for link in Page(file).loaded if urlsplit(link).netloc}
    assert not outside


def test_source_excerpts_and_formulas_are_in_the_site(site: Path) -> None:
    text = (site / "autograd.html").read_text(encoding="utf-8")
    assert text.count("<math") >= 3 and "\\partial" not in text
    plain = re.sub(r"<[^>]+>", "", text)
    assert "heapq.heappop(heap)" in plain and "def reach_leaves" in plain  # lines of engine.py, which the page has not written


@pytest.mark.parametrize(("page", "names"), [
    ("functions", ["zeros", "einsum", "set_num_threads"]), ("tensor", ["backward", "register_hook"]), ("nn", ["Conv2d", "LSTM"]),
    ("functional", ["cross_entropy"]), ("optim", ["AdamW", "OneCycleLR"]), ("io", ["load", "save_sharded"]),
    ("distributions", ["Normal", "kl_divergence"]), ("devices", ["register_backend", "empty_cache"]),
])  # fmt: skip
def test_reference_has_the_names(site: Path, page: str, names: list[str]) -> None:
    anchors = {anchor.rpartition(".")[2] for anchor in Page(site / "api" / f"{page}.html").anchors}
    assert set(names) <= anchors, set(names) - anchors


def words(text: str) -> str:
    """A page without its programs and excerpts."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(file: Path) -> set[str]:
    """The anchors that code hosts give to the headings of a file."""
    found = re.findall(r"^#+ +(.+)$", words(file.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_links_between_files(file: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", words(file.read_text(encoding="utf-8")))):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        if not target.exists() or (parts.fragment and target.suffix == ".md" and parts.fragment not in headings(target)):
            broken.append(link)
    assert not broken
