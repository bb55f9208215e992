"""The scope and the level meter: sound as it is spoken and heard, and what the turn detection makes of it.

Read in this order: ``scores`` (speech scores, found by time), ``what_if`` (the turns of another threshold), ``tiers``
(records as rows to draw), ``feed`` (what the page is told), ``listening`` (two seconds as a WAV file), ``scope`` (the
widget) and the scripts in ``js`` in the order of ``scope.PARTS`` (its page), ``level`` and ``level.js`` (the meter).
"""

from voicelab.widgets.scope.level import LevelMeter
from voicelab.widgets.scope.scope import Scope

__all__ = ["LevelMeter", "Scope"]
