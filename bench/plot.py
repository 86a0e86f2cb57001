"""Curves as an SVG that is read on light and on dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from bench.figure import Figure, short

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 90, 230, 40, 50
COLOURS = ("#2f7ed8", "#d9822b", "#2a9d6f", "#c2498c", "#7a6ad8", "#8a8f98")
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 }
.grid { stroke: #ccc } .curve { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #555 } }
"""


def svg(title: str, across: str, figures: Sequence[Figure]) -> str:
    """Medians over `at`, both on logarithmic axes. All in milliseconds."""
    curves: dict[str, list[Figure]] = {}
    for one in figures:
        curves.setdefault(one.curve, []).append(one)
    ats = sorted({one.at for one in figures})
    medians = [one.median for one in figures]
    low, high = math.floor(math.log10(min(medians))), math.ceil(math.log10(max(medians)))
    first, last = math.log10(ats[0]), math.log10(ats[-1])

    def x(at: float) -> float:
        return LEFT + (math.log10(at) - first) / (last - first or 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return (
            HEIGHT
            - BOTTOM
            - (math.log10(value) - low) / (high - low or 1) * (HEIGHT - TOP - BOTTOM)
        )

    parts = [_text(LEFT, 22, title)]
    for power in range(low, high + 1):
        parts.append(_line(LEFT, y(10**power), WIDTH - RIGHT, y(10**power)))
        parts.append(_text(LEFT - 8, y(10**power) + 4, f"{short(10**power)} ms", "end"))
    for at in ats:
        parts.append(_line(x(at), TOP, x(at), HEIGHT - BOTTOM))
        parts.append(_text(x(at), HEIGHT - BOTTOM + 20, f"{at:,}", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, "middle"))
    named = float("inf")
    for number, (name, points) in enumerate(
        sorted(curves.items(), key=lambda curve: curve[1][-1].median)
    ):
        colour = COLOURS[number % len(COLOURS)]
        points.sort(key=lambda one: one.at)
        path = " ".join(f"{x(one.at):.1f},{y(one.median):.1f}" for one in points)
        parts.append(f'<polyline class="curve" stroke="{colour}" points="{path}"/>')
        parts += [
            f'<circle cx="{x(one.at):.1f}" cy="{y(one.median):.1f}" r="3.5" fill="{colour}"/>'
            for one in points
        ]
        # From the lowest up, each name above the one before.
        named = min(y(points[-1].median) + 4, named - 17)
        parts.append(_text(x(points[-1].at) + 12, named, name, fill=colour))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start", fill: str = "") -> str:
    style = f' style="fill: {fill}"' if fill else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'
