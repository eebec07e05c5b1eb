"""What is printed and drawn: tables that are Markdown too, and a picture with one bar for each case and contender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["draw", "memory_table", "number", "show", "show_time", "time_table"]

Row = dict[str, Any]

COLOURS = {
    "tensorlite": "#2563eb", "tensorlite numpy": "#93c5fd", "torch fused": "#ea8a2f", "jax": "#16a34a", "tinygrad": "#a855f7",
}  # fmt: skip


def show_time(seconds: float) -> str:
    unit, scale = ("us", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds * scale:.3g} {unit}" if seconds * scale < 999.5 else f"{seconds * scale:.0f} {unit}"


def number(x: float) -> str:
    """Two digits."""
    return f"{x:.0f}" if x >= 9.95 else f"{x:.1f}" if x >= 0.995 else f"{x:.2f}" if x >= 0.0995 else f"{x:.2g}"


def show(lines: list[list[str]]) -> str:
    """A table, the heading first."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    out = []
    for n, line in enumerate(lines):
        cells = [cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))]
        out.append("| " + " | ".join(cells) + " |")
        if n == 0:
            out.append("|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|")
    return "\n".join(out)


def time_table(rows: list[Row], names: list[str]) -> list[list[str]]:
    """For each contender its time, and the ratio to PyTorch's on the same device with its quartiles."""
    compared = {name for row in rows for name in row["ratio"]}
    head = ["case"]
    for name in names:
        head += [name, "ratio (quartiles)"] if name in compared else [name]
    lines = [head]
    for row in rows:
        line = [row["case"]]
        for name in names:
            line.append(show_time(row["seconds"][name]) if name in row["seconds"] else "")
            if name in compared:
                line.append("{} ({} to {})".format(*map(number, row["ratio"][name])) if name in row["ratio"] else "")
        lines.append(line)
    return lines


def memory_table(rows: list[Row], names: list[str], reference: str) -> list[list[str]]:
    """The memory after the imports in the first line, then for each case what came on top, and its ratio to PyTorch's."""

    def line(title: str, bytes_of: dict[str, int]) -> list[str]:
        cells = [title]
        for name in names:
            here, there = bytes_of.get(name), bytes_of.get(reference)
            cells.append("" if here is None else f"{here / 1e6:.3g} MB" if here < 999.5e6 else f"{here / 1e6:.0f} MB")
            if compares and name != reference:
                cells.append("" if here is None or not there else number(here / there))
        return cells

    compares = reference in names
    head = ["case"]
    for name in names:
        head += [name, "ratio"] if compares and name != reference else [name]
    imported: dict[str, int] = {}
    for row in rows:
        imported = {name: value["imported"] for name, value in row.items() if name in names} | imported
    lines = [line("(after the imports)", imported)]
    lines += [line(row["case"], {name: row[name]["above"] for name in names if name in row}) for row in rows]
    return [head, *lines]


def draw(rows: list[Row], path: Path, subtitle: str) -> None:
    """How the times compare with PyTorch's, on a logarithmic scale; one panel per device."""
    import matplotlib

    matplotlib.use("Agg")  # a picture in a file needs no window
    import matplotlib.pyplot as plt
    from matplotlib.patches import Patch

    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False})
    panels = panels_of(rows)
    bars, labels, groups, height = places(rows)
    figure, axes_of = plt.subplots(
        1, len(panels), figsize=(9 if len(panels) == 1 else 14, 1.7 + height), layout="constrained", squeeze=False, sharey=True
    )
    for axes, device in zip(axes_of[0], panels, strict=True):
        fill(axes, rows, bars, panels[device])
        axes.set_title({"cpu": "CPU", "cuda": "CUDA"}[device] if len(panels) > 1 else "", fontsize=11)
    left = axes_of[0][0]
    left.set_ylim(height, 0)
    left.set_yticks([y for y, _ in labels], [name for _, name in labels])
    for y, name in groups:
        left.text(0, y, name, transform=left.get_yaxis_transform(), ha="right", va="center", weight="bold", fontsize=10)
    names = [name for name in COLOURS if any(name == there for _, there in bars)]
    handles = [Patch(color=COLOURS[name]) for name in names]
    title = "Time relative to PyTorch: left of 1x is faster, right of it slower"
    figure.legend(
        handles, names, loc="outside upper center", ncols=len(names), frameon=False,
        title=title, title_fontproperties={"size": 12, "weight": "bold"},
    )  # fmt: skip
    figure.supxlabel(subtitle.replace("; ", "\n", 1), fontsize=8, color="#6b7280")
    figure.savefig(path, dpi=150, facecolor="white")
    plt.close(figure)


def fill(axes: Any, rows: list[Row], bars: dict[tuple[int, str], float], names: list[str]) -> None:
    """Draw the bars of one device."""
    from matplotlib.ticker import NullLocator

    for n, row in enumerate(rows):
        for name in names:
            if name in row["ratio"]:
                bar(axes, bars[n, name.removesuffix(" cuda")], COLOURS[name.removesuffix(" cuda")], *row["ratio"][name])
    ratios = [row["ratio"][name] for row in rows for name in names if name in row["ratio"]]
    lowest, highest = min(map(min, ratios)), max(map(max, ratios))
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if lowest / 2 < t < highest * 2]
    axes.axvline(1, color="#1f2937", lw=1)
    axes.set(xscale="log", xlim=(min(0.5, lowest / 1.7), max(2, highest * 1.7)), xticks=ticks)
    axes.set_xticklabels([f"{t:g}x" for t in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e5e7eb")
    axes.set_axisbelow(True)


def bar(axes: Any, y: float, colour: str, ratio: float, low: float, high: float) -> None:
    """A bar from 1 to the ratio, with its quartiles and its number."""
    axes.barh(y, ratio - 1, left=1, height=0.85 * BAR, color=colour)
    axes.plot([low, high], [y, y], color="#1f2937", lw=1, solid_capstyle="butt")
    left = ratio <= 1
    end = min(ratio, low) / 1.04 if left else max(ratio, high) * 1.04
    axes.text(end, y, number(ratio), va="center", ha="right" if left else "left", fontsize=8, color="#374151")


BAR, GAP, TITLE = 0.16, 0.08, 0.32
"""Inches: the height of a bar, the space between two cases, the line for the name of a group."""


def panels_of(rows: list[Row]) -> dict[str, list[str]]:
    """The contenders that have a ratio, by device, in the order of the colours."""
    names = {name for row in rows for name in row["ratio"]}
    panels = {"cpu": [n for n in COLOURS if n in names], "cuda": [f"{n} cuda" for n in COLOURS if f"{n} cuda" in names]}
    return {device: names for device, names in panels.items() if names}


Labels = list[tuple[float, str]]


def places(rows: list[Row]) -> tuple[dict[tuple[int, str], float], Labels, Labels, float]:
    """Where each bar is (by the number of its case and its contender), each case's name and each group's; and the height."""
    bars: dict[tuple[int, str], float] = {}
    labels: Labels = []
    groups: Labels = []
    y = 0.0
    for n, row in enumerate(rows):
        if n == 0 or row["group"] != rows[n - 1]["group"]:
            groups.append((y + TITLE / 2, row["group"]))
            y += TITLE
        there = {name.removesuffix(" cuda") for name in row["ratio"]}
        here = [name for name in COLOURS if name in there]
        for i, name in enumerate(here):
            bars[n, name] = y + (i + 0.5) * BAR
        labels.append((y + len(here) * BAR / 2, label(row)))
        y += len(here) * BAR + GAP
    return bars, labels, groups, y


def label(row: Row) -> str:
    """The name of a case, without what the name of its group says already."""
    name: str = row["case"]
    return name.removesuffix(", both ways") if row["group"] == "forward and backward" else name
