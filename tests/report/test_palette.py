"""The report's colours, by WCAG 2's formula: text has a contrast of 4.5 to 1 with its ground, graphics 3 to 1."""

import re

import pytest

from pipeline.report import assets

TEXT = ("ink", "soft", "blue", "green", "red", "amber")
DRAWN = ("blue", "orange", "green", "red", "grey", "struct", "focus")
CSS = (assets.STATIC / "report.css").read_text("utf-8")
THEMES = dict(zip(("light", "dark", "dark, chosen"), re.split(r"--ink", CSS)[1:4], strict=True))


def light(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb."""
    digits = colour if len(colour) == 6 else "".join(2 * c for c in colour)
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ratio(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21."""
    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_and_marks_stand_out_from_their_ground(theme):
    colours = dict(re.findall(r"--([\w-]+): #([0-9a-f]{6}|[0-9a-f]{3});", f"--ink{THEMES[theme].split('}')[0]}"))
    assert ratio("000", "fff") == pytest.approx(21)
    grounds = [(ground, colours[ground]) for ground in ("paper", "wash", "raise")]
    faint = [(name, g) for g, of in grounds for name in TEXT if ratio(colours[name], of) < 4.5]
    faint += [
        (name, g) for g, of in [*grounds, ("sea", colours["sea"])] for name in DRAWN if ratio(colours[name], of) < 3
    ]
    assert faint == []
    assert ratio(colours["warn"], colours["warn-ink"]) >= 4.5
