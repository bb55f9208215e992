"""What every view of a run can do: follow another one, rest while nobody sees it, and leave.

In: a `Following`, made by the view.  Out: `View`, the first base class of each.
Does not know: what a view shows.
"""

from __future__ import annotations

import ipywidgets

from voicelab.widgets.following import Following, Source
from voicelab.widgets.kernel import look_after_kernel


class View(ipywidgets.DOMWidget):
    """A widget that follows a run; a subclass makes ``_following`` before it is shown."""

    _following: Following

    @property
    def shown(self) -> bool:
        """Whether it is repainted; a hidden one catches up when it is shown again."""
        return self._following.shown

    @shown.setter
    def shown(self, shown: bool) -> None:
        self._following.shown = shown

    def watch(self, source: Source) -> None:
        """Show another run (or session, or folder) from now on; None: nothing."""
        look_after_kernel()
        self._following.watch(source)

    def close(self) -> None:
        """Follow no more, and leave the page; closing twice is harmless."""
        self._following.close()
        super().close()
