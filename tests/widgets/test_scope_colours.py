"""The scope's colours for every eye: four colours that stay apart in three kinds of colour blindness, light and dark.

What a kind of colour blindness makes of a colour: Machado, Oliveira and Fernandes, "A physiologically-based model for
simulation of color vision deficiency" (2009), severity 1.0, on linear RGB. How far two colours are apart: CIEDE2000
(CIE 142-2001), where about 1 can just be told and 10 is seen at a glance.
"""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.widgets.plain_page import PlainPage, PlainPages
from tests.widgets.scope_room import CSS, conversation, drawn, shown
from voicelab.measure.run import Run

SIGHTS = {
    "all colours": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
NAMES = ("user", "agent", "speech", "mark", "ground")
#: The two sides are nothing alike, all is seen on the ground, and no two colours are taken for one another.
SIDES_APART = 40
ON_GROUND_APART = 25
ANY_TWO_APART = 10
Numbers = NDArray[np.float64]


def seen(colour: str, sight: str) -> Numbers:
    """Return a colour (``#rgb`` or ``#rrggbb``) as linear RGB, as somebody with this sight sees it."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    assert len(digits) == 6, f"not a colour of six digits: {colour!r}"
    parts = np.array([int(digits[k : k + 2], 16) for k in (0, 2, 4)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.clip(np.array(SIGHTS[sight]) @ linear, 0, 1)


def lab(linear: Numbers) -> Numbers:
    """Return linear sRGB as CIELAB under D65."""
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
    ratio = np.array(to_xyz) @ linear / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: Numbers, other: Numbers) -> float:
    """Return how far two CIELAB colours are apart, by CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - math.sqrt(mean_c7 / (mean_c7 + 25**7)))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2

    def wave(times: float, shift: float) -> float:
        return math.cos(math.radians(times * mean_h + shift))

    t = 1 - 0.17 * wave(1, -30) + 0.24 * wave(2, 0) + 0.32 * wave(3, 6) - 0.2 * wave(4, -63)
    dl = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean_c)
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / (1 + 0.015 * mean_c * t)
    lean = math.radians(60 * math.exp(-(((mean_h - 275) / 25) ** 2)))
    turned = -math.sin(lean) * 2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7))
    return math.sqrt(dl**2 + dc**2 + dh**2 + turned * dc * dh)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return conversation(tmp_path / "story")


def colours_of(plain: PlainPage) -> dict[str, str]:
    """Return the scope's colours, as its style sheet has them on this page."""
    found: dict[str, str] = plain.page.evaluate(
        """(names) => {
          const style = getComputedStyle(document.querySelector('.voicelab-scope'));
          return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--voicelab-${name}`).trim()]));
        }""",
        list(NAMES),
    )
    return found


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ],
)
def test_the_measure_is_ciede2000(one: tuple[float, ...], other: tuple[float, ...], distance: float) -> None:
    """Three pairs of the published test data (Sharma, Wu and Dalal, 2005); and white is white for every eye."""
    assert apart(np.array(one), np.array(other)) == pytest.approx(distance, abs=1e-4)
    for sight in SIGHTS:
        assert lab(seen("#fff", sight)) == pytest.approx([100, 0, 0], abs=0.02)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_stay_apart_for_every_eye(plain_page: PlainPages, theme: Literal["light", "dark"]) -> None:
    """User and agent from one another, and each colour from the ground."""
    colours = colours_of(shown(plain_page, None, theme=theme))
    for sight in SIGHTS:
        as_seen = {name: lab(seen(colour, sight)) for name, colour in colours.items()}
        sides = apart(as_seen["user"], as_seen["agent"])
        assert sides > SIDES_APART, (sight, sides)
        for one, other in combinations(NAMES, 2):
            distance = apart(as_seen[one], as_seen[other])
            assert distance > (ON_GROUND_APART if other == "ground" else ANY_TWO_APART), (sight, one, other, distance)


@pytest.fixture
def one_colour(plain_page: PlainPages, run: Run, tmp_path: Path) -> PlainPage:
    """A page on which user, agent, speech and marks all have one colour."""
    same = "".join(f"--voicelab-{name}: #333 !important;" for name in NAMES[:-1])
    css = tmp_path / "one.css"
    css.write_text(f"{CSS.read_text(encoding='utf-8')} .voicelab-scope {{ {same} }}", encoding="utf-8")
    return shown(plain_page, run, live=True, css=css)


def filled(plain: PlainPage, between_ms: tuple[float, float], rows: tuple[int, int]) -> float:
    """Return how much of a piece of the saved picture is opaque, 0 to 1; rows count from its top."""
    drawn(plain)
    part: float = plain.page.evaluate(
        """([from, to, top, bottom]) => {
          const canvas = document.querySelector('canvas'), perMs = (canvas.clientWidth - 108) / 10000;
          const [x, width] = [Math.ceil(52 + from * perMs), Math.floor((to - from) * perMs)];
          const { data } = canvas.getContext('2d').getImageData(x, top, width, bottom - top);
          return data.filter((one, k) => k % 4 === 3 && one > 200).length / (data.length / 4);
        }""",
        [*between_ms, *rows],
    )
    return part


def test_who_speaks_is_told_without_colours(one_colour: PlainPage) -> None:
    """The user lies above the middle line and the agent below it; what was not heard is hatched."""
    one_colour.page.get_by_role("button", name="Pause").click()
    lowest_of_user, highest_of_agent = (112, 120), (125, 130)
    assert filled(one_colour, (600, 900), lowest_of_user) > 0.9
    assert filled(one_colour, (600, 900), highest_of_agent) == 0
    assert filled(one_colour, (2100, 2900), highest_of_agent) > 0.9
    assert filled(one_colour, (2100, 2900), lowest_of_user) == 0
    assert 0.1 < filled(one_colour, (7100, 7900), (125, 160)) < 0.5


def test_live_and_what_if_are_told_without_colours(one_colour: PlainPage) -> None:
    """The threshold is a solid line, and a dashed one when it does not act; the badge's frame is the same."""
    line = (237, 238)  # of 0.5: the strip is from 210 to 266 below the top
    badge = one_colour.page.locator(".voicelab-scope-badge")
    frame = "(badge) => getComputedStyle(badge).borderTopStyle"
    assert filled(one_colour, (1100, 1900), line) == 1
    assert (badge.inner_text(), badge.evaluate(frame)) == ("LIVE", "solid")
    one_colour.page.get_by_role("button", name="Pause").click()
    assert 0.5 < filled(one_colour, (1100, 1900), line) < 0.8
    assert (badge.inner_text(), badge.evaluate(frame)) == ("WHAT IF", "dashed")
