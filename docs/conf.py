"""How Sphinx builds the site: ``python -m sphinx -W docs build/docs``. Pages are Markdown, and read as files too."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

import tensorlite
from tensorlite.autograd.op import Op

project = "tensorlite"
author = "tensorlite contributors"
copyright = author
version = release = tensorlite.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # `page.md#a-heading`, as on code hosts

html_theme = "furo"
html_math_renderer = "mathml"  # browsers draw it themselves: the site needs no network
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"tensorlite {release}"
html_copy_source = False
html_show_sphinx = False
html_domain_indices = False

napoleon_use_ivar = True
default_role = "code"  # a single backtick in a docstring, as in Markdown
add_module_names = False
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_default_options = {"members": True, "imported-members": True, "undoc-members": True}
toc_object_entries_show_parents = "hide"

ROOT_PAGES = {"README": "readme", "CONTRIBUTING": "contributing", "CHANGELOG": "changelog"}
"""Files beside docs/ that the site has as pages: a page of this name includes the file."""


def link_to_pages(app: Any, docname: str, source: list[str]) -> None:
    """Links to files that are pages here lead to those pages: ``../README.md`` to ``readme.md``."""
    up = "../" * docname.count("/")
    for name, page in ROOT_PAGES.items():
        source[0] = re.sub(rf"\]\((?:\.\./)*{name}\.md", f"]({up}{page}.md", source[0])


def link_from_root(app: Any, path: Any, docname: str, source: list[str]) -> None:
    """The same in a file beside docs/ that a page includes, whose links begin at the root."""
    source[0] = re.sub(r"\]\((?!\w+:|#)(docs/)?", lambda found: "](" if found[1] else "](../", source[0])
    link_to_pages(app, docname, source)


def escape_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Docstrings are plain text with backticks: a star or a bar outside of them is a star or a bar."""
    example = False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            parts = re.split(r"(``.*?``|`[^`]*`)", line)
            parts[::2] = [re.sub(r"([*|])|(?<=\w)_(?=\W|$)", r"\\\g<0>", part) for part in parts[::2]]
            lines[i] = "".join(parts)


def complete_op(app: Any, obj: Any, bound_method: bool) -> None:
    """An op has its own signature only when its functions are written, at its first use."""
    if isinstance(getattr(obj, "op", None), Op):
        assert obj.op.source


def leave_out(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Of classes, only members that say something are shown."""
    if what in ("class", "exception") and (not getattr(obj, "__doc__", None) or type(obj).__name__ == "lazy_property"):
        return True
    return None


def write_math(writer: Any, node: Any) -> None:
    """A formula as MathML."""
    block = isinstance(node, nodes.math_block)
    formula = tex2mathml(node.astext(), as_block=block)
    writer.body.append(f'<div class="math">{formula}</div>\n' if block else formula)
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Connect the functions above to Sphinx's events."""
    app.connect("source-read", link_to_pages)
    app.connect("include-read", link_from_root)
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)  # before napoleon's
    app.connect("autodoc-before-process-signature", complete_op)
    app.connect("autodoc-skip-member", leave_out)
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
