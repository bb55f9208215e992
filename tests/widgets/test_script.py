"""A page in several files becomes one module, in order, or says what is wrong with it."""

from __future__ import annotations

import inspect
from pathlib import Path

import anywidget
import pytest

from tests.widgets.plain_page import PlainPages
from voicelab.errors import ConfigError
from voicelab.widgets.scope import scope
from voicelab.widgets.scope.scope import Scope
from voicelab.widgets.script import joined
from voicelab.widgets.sound import browser
from voicelab.widgets.sound.browser import BrowserSound

MAIN = "export default { render({ el }) { el.textContent = greet(NAME); } };\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "js"
    made.mkdir()
    (made / "name.js").write_text('const NAME = "wörld";\n', encoding="utf-8")
    (made / "greet.js").write_text("const greet = (name) => `hello ${name}`;\n", encoding="utf-8")
    (made / "main.js").write_text(MAIN, encoding="utf-8")
    return made


def test_parts_are_joined_in_order_and_named(folder: Path) -> None:
    """Each behind a comment with its name, so that a line in the browser's tools can be found."""
    assert joined(folder, "name.js", "greet.js", "main.js") == (
        '// --- js/name.js\nconst NAME = "wörld";\n\n'
        "// --- js/greet.js\nconst greet = (name) => `hello ${name}`;\n\n"
        f"// --- js/main.js\n{MAIN}"
    )


def test_the_joined_parts_are_a_module(folder: Path, plain_page: PlainPages, tmp_path: Path) -> None:
    """A browser loads it, and the parts know one another."""
    module = tmp_path / "module.js"
    module.write_text(joined(folder, "name.js", "greet.js", "main.js"), encoding="utf-8")
    plain = plain_page(module, {})
    assert plain.page.locator("#widget").inner_text() == "hello wörld"
    assert plain.errors == []


def test_a_part_that_is_not_there_is_named(folder: Path) -> None:
    """With what to do."""
    with pytest.raises(ConfigError, match=r"the script gone\.js is not in .*install it again"):
        joined(folder, "name.js", "gone.js", "main.js")


@pytest.mark.parametrize("line", ['import { x } from "./x.js";', "export const x = 1;", "  export { NAME };"])
def test_a_part_imports_and_exports_nothing(folder: Path, line: str) -> None:
    """Only the last one exports, the widget."""
    (folder / "greet.js").write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"greet\.js imports or exports"):
        joined(folder, "name.js", "greet.js", "main.js")


def test_the_last_part_exports_the_widget(folder: Path) -> None:
    """Otherwise the front end would show nothing and say little."""
    with pytest.raises(ConfigError, match=r"greet\.js is the last part and has no export default"):
        joined(folder, "name.js", "greet.js")


def test_parts_are_named_once_at_least_and_at_most(folder: Path) -> None:
    """A name twice would be declared twice, which no browser takes."""
    with pytest.raises(ConfigError, match="named twice"):
        joined(folder, "name.js", "name.js", "main.js")
    with pytest.raises(ConfigError, match="a script of no files"):
        joined(folder)


@pytest.mark.parametrize(("widget", "parts"), [(Scope, scope.PARTS), (BrowserSound, browser.PARTS)])
def test_every_part_of_a_page_is_in_it_and_small(widget: type[anywidget.AnyWidget], parts: tuple[str, ...]) -> None:
    """No file lies beside the others unused, and each has one subject: fewer than 300 lines."""
    files = sorted((Path(inspect.getfile(widget)).parent / "js").iterdir())
    assert [path.name for path in files] == sorted(parts)
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert f"// --- js/{path.name}\n{text}" in str(widget._esm)
        assert text.count("\n") < 300
        assert "Does not know" in text.split("\n\n")[0]
