"""A short conversation, and the scope's page that was told of it, on a plain page without Jupyter.

In: a plain page.  Out: the page live, paused or saved; its threshold, its messages, its pixels.
Does not know: the widget's Python side.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal

from tests.plots.conftest import Story, manifest
from tests.widgets.plain_page import PlainPage, PlainPages
from voicelab.measure.run import Run
from voicelab.widgets import scope
from voicelab.widgets.scope.feed import Feed
from voicelab.widgets.scope.scope import PARTS
from voicelab.widgets.script import joined
from voicelab.widgets.words import words

FOLDER = Path(scope.__file__).parent
CSS = FOLDER / "scope.css"
THRESHOLD = "[role=slider][aria-label=Threshold]"
TIME = "[role=slider][aria-label='Time cursor']"
_PAGES = tempfile.TemporaryDirectory(prefix="scope-page-")  # gone with the last test
#: As front ends that put a view on the page only after it was rendered.
LATER = """
const widget = {RENDER};
export default {
  render({ model, el }) {
    const apart = document.createElement("div");
    const undo = widget.render({ model, el: apart });
    setTimeout(() => el.append(apart), 100);
    return undo;
  },
};
"""


def conversation(folder: Path, detection: str = "server_vad") -> Run:
    """Make a run of 9 s: two turns, two replies, of which the second was cut off after 0.8 of 3 s."""
    made = Story(folder, manifest())
    threshold = {"threshold": 0.5} if detection == "server_vad" else {}
    session = {"audio": {"input": {"turn_detection": {"type": detection, **threshold}}}}
    made.record("recv", "session.created", 0, session=session)
    made.send_audio(0, 2000, speech=(500, 1500))
    made.spoken("item_u1", 200, 2000, "hello")
    made.reply("a1", 2000, 1200, "Hello there.")
    made.send_audio(2000, 6000, speech=(4000, 5500))
    made.spoken("item_u2", 3700, 6000, "go on")
    made.reply("a2", 6020, 3000, "On and on.", heard_ms=800)
    return made.run()


def page_script(*, later: bool = False) -> Path:
    """Write the scope's page into a file; ``later``: it is put into the document only after it was rendered."""
    script = joined(FOLDER / "js", *PARTS)
    if later:
        script, _, rest = script.partition("export default ")
        script += LATER.replace("{RENDER}", rest.rstrip().removesuffix(";"))
    path = Path(_PAGES.name) / ("later.js" if later else "scope.js")
    path.write_text(script, encoding="utf-8")
    return path


def shown(
    plain_page: PlainPages,
    run: Run | None,
    *,
    live: bool = False,
    theme: Literal["light", "dark"] = "light",
    later: bool = False,
    css: Path = CSS,
    viewport: tuple[int, int] = (1280, 720),
) -> PlainPage:
    """Return a page that was told of a run, live or saved."""
    model = {"words": dict(words("scope")), "running": live, "can_use": True, "asked": 0.5, "cursor_ms": None}
    plain = plain_page(page_script(later=later), model, css=css, theme=theme, viewport=viewport)
    if run is not None:
        feed = Feed()
        feed.take(run.records())
        news = feed.news(run.loudness, reset=True, over=not live)
        plain.receive(news.content | {"run": "a run"}, news.buffers)
    plain.page.wait_for_function("() => document.querySelector('.voicelab-scope')?.dataset.mode")
    return plain


def answer_what_if(plain: PlainPage, run: Run) -> None:
    """Answer the page's last question, as the kernel does."""
    question = asked(plain, "what if")[-1]
    feed = Feed()
    feed.take(run.records())
    found = feed.what_if(question["value"], question["from"], question["to"]).to_message()
    plain.receive({"kind": "what if", "from": question["from"], "to": question["to"], **found})


def asked(plain: PlainPage, what: str) -> list[dict[str, Any]]:
    """Return the messages of one kind that the page sent."""
    return [one.content for one in plain.sent if one.content["do"] == what]


def drag_threshold(plain: PlainPage, by_px: int) -> None:
    """Drag the line with the mouse, in ten moves."""
    box = plain.page.locator(THRESHOLD).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    plain.page.mouse.move(x, y)
    plain.page.mouse.down()
    for k in range(1, 11):
        plain.page.mouse.move(x, y + by_px * k / 10)
    plain.page.mouse.up()


def value(plain: PlainPage) -> float:
    """Return where the line is."""
    return float(plain.page.locator(THRESHOLD).get_attribute("aria-valuenow") or "nan")


def drawn(plain: PlainPage) -> None:
    """Wait until the news are drawn, which is two frames later."""
    plain.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def n_pixels(plain: PlainPage, colour: str) -> tuple[int, int]:
    """Return how many pixels of a colour are in the upper and the lower half of the two sides' lanes."""
    drawn(plain)
    found = plain.page.evaluate(
        """(colour) => {
          const canvas = document.querySelector('canvas'), pen = canvas.getContext('2d');
          const wanted = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
          const scale = canvas.height / canvas.clientHeight;
          const lanes = [[46, 117], [125, 190]].map(([top, bottom]) => {
            const data = pen.getImageData(60, top * scale, canvas.width - 130, (bottom - top) * scale).data;
            let n = 0;
            for (let k = 0; k < data.length; k += 4) {
              if (wanted.every((one, c) => Math.abs(data[k + c] - one) < 3) && data[k + 3] > 250) n += 1;
            }
            return n;
          });
          return lanes;
        }""",
        colour,
    )
    return found[0], found[1]
