"""What the browser tests stand on: a real JupyterLab with a microphone, and a widget on an empty page."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.widgets.browser import axe, until
from tests.widgets.jupyterlab import JupyterLab
from tests.widgets.plain_page import PlainPages, Sent
from voicelab.audio.clip import write_wav

_CELLS = [
    "import ipywidgets, time\nslider = ipywidgets.IntSlider(value=10)\nslider",
    "print('begun')\ntime.sleep(600)",
    "6 * 7",
]
_WIDGET = """
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    const show = () => { button.textContent = `${model.get("n")} ${new Uint8Array(model.get("raw").buffer)[1]}`; };
    const heard = (message, buffers) => model.send({ got: message }, undefined, [buffers[0]]);
    button.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); };
    model.on("change:n", show);
    model.on("msg:custom", heard);
    el.append(button);
    show();
    return () => { model.off("change:n", show); button.remove(); };
  },
};
"""
# The loudest sample of half a second of the microphone.
_LISTEN = """async () => {
  const context = new AudioContext();
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false } });
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loudest = 0;
  for (let i = 0; i < 50; i += 1) {
    await new Promise((done) => setTimeout(done, 10));
    analyser.getFloatTimeDomainData(samples);
    loudest = Math.max(loudest, ...samples.map(Math.abs));
  }
  await context.close();
  for (const track of stream.getTracks()) track.stop();
  return loudest;
}"""


@pytest.mark.realtime
@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_a_notebook_runs_and_its_kernel_answers_even_while_busy(lab: JupyterLab, kind: str) -> None:
    """Cells run, widgets show, a busy cell can be asked around, interrupted, and the kernel restarted."""
    notebook = lab.open(_CELLS, page_kind="notebook" if kind == "notebook" else "lab")
    notebook.run(0)
    notebook.wait_idle()
    number = notebook.page.locator(".widget-readout")
    number.fill("11")
    number.press("Enter")
    until(lambda: notebook.kernel("print(slider.value)") != "10\n", "the slider's change in the kernel")
    assert notebook.kernel("print(slider.value)") == "11\n"

    notebook.run(1)
    notebook.page.get_by_text("begun", exact=True).wait_for()
    assert notebook.kernel("print(slider.value + 1)", beside=True) == "12\n"
    notebook.interrupt()
    notebook.wait_idle()
    assert "KeyboardInterrupt" in notebook.output(1)

    notebook.run(2)
    notebook.wait_idle()
    assert notebook.output(2) == "42"
    notebook.restart()
    assert notebook.kernel("print('slider' in globals())") == "False\n"
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.kernel("1 / 0")


def test_a_widget_lives_on_an_empty_page(plain_page: PlainPages, tmp_path: Path) -> None:
    """Values, bytes, messages and buffers go both ways; what it still listens to after its end is told."""
    js = tmp_path / "widget.js"
    js.write_text(_WIDGET)
    plain = plain_page(js, {"n": 1, "raw": b"\x05\x06"})
    button = plain.page.get_by_role("button")
    assert button.inner_text() == "1 6"
    plain.set(n=7)
    button.click()
    assert (button.inner_text(), plain.get("n"), plain.saved) == ("8 6", 8, [{"n": 8}])
    plain.receive({"kind": "samples"}, [b"\x00\xff"])
    assert plain.sent == [Sent({"got": {"kind": "samples"}}, (b"\x00\xff",))]
    assert plain.clean_up() == ["msg:custom"]
    assert plain.errors == []


def test_axe_names_what_is_wrong(plain_page: PlainPages, tmp_path: Path) -> None:
    """A button without a name is found; the same button with one is not."""
    js = tmp_path / "widget.js"
    nameless = "export default { render({ el }) { el.append(document.createElement('button')); } };"
    js.write_text(nameless)
    (found,) = axe(plain_page(js, {}).page)
    assert found.startswith("critical button-name")
    js.write_text(nameless.replace("el.append", "el.style.background = 'white', el.ariaLabel = 'x', el.append").replace(
        "document.createElement('button')", "Object.assign(document.createElement('button'), {textContent: 'Talk'})"
    ))  # fmt: skip
    assert axe(plain_page(js, {}).page, "#widget button") == []


@pytest.mark.realtime
def test_the_microphone_hears_the_file(plain_page: PlainPages, tmp_path: Path) -> None:
    """The sound in the file is what the page records; and a person who says no is heard as such."""
    js, wav = tmp_path / "widget.js", tmp_path / "loud.wav"
    js.write_text("export default { render() {} };")
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 24_000)
    write_wav(wav, (32767 * tone).astype(np.int16))
    assert plain_page(js, {}, microphone=wav).page.evaluate(_LISTEN) == pytest.approx(0.5, abs=0.05)
    denied = "() => navigator.mediaDevices.getUserMedia({ audio: true }).catch((error) => error.name)"
    assert plain_page(js, {}, microphone="denied").page.evaluate(denied) == "NotAllowedError"


@pytest.mark.usefixtures("_browsers")
def test_asyncio_is_free_beside_a_browser() -> None:
    """A test that uses no page can run a loop of its own, although a browser is open."""

    async def answer() -> int:
        return 42

    assert asyncio.run(answer()) == 42
