"""Presets: a few knobs turned at once, for a situation that people know.

In: `Wishes`.  Out: other wishes; a preset turns only what the situation asks for, so that presets can be combined:
how fast (quick, patient), over which line (telephone), in which room (noisy room, headphones, shared room).
Does not know: widgets; why a preset turns what it turns is said to people in the catalogue (``preset.NAME.why``).

Where the numbers come from (the project's reference of metrics, 51 human turns, Silero at threshold 0.5 unless said):

- *quick*, 300 ms: the median answer comes 367 ms after the last word instead of 559 ms at 500 ms; 78 % of the turns are
  cut at a pause at least once instead of 65 %.
- *patient*, 1,000 ms: 25 % are cut; the answer comes 1,070 ms after the last word.
- *telephone*: G.711 mu-law at 8 kHz both ways is what a phone line carries; 20 ms is its usual packet.
- *noisy room*, 0.6: noise alone hardly fools this detector (0.4 % of frames at 0.5), but other servers may have
  another. More than a little higher costs turns: at 0.7 and 500 ms 10 % are missed instead of 4 %. ``far_field`` turns
  noise down by 18 dB while nobody speaks, and took 15 of 17 false windows away; on clean speech it costs words, so no
  quieter situation has it.
- *headphones*: the agent's voice does not come back through the microphone, so whatever is heard is the user: it may
  interrupt, at the plain threshold and without noise reduction.
- *shared room*, 0.7: a higher threshold loses quiet voices first (the 10 % above), here those of the neighbours. What
  is left of them must not cut the agent short, so interrupting is off: the turn that a neighbour makes is answered at
  worst after the reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from voicelab.widgets.wishes import Wishes


@dataclass(frozen=True)
class Preset:
    """One situation.

    Parameters
    ----------
    name : str
        Its label is the word ``preset.NAME``, its reason ``preset.NAME.why``.
    change : mapping
        Fields of `Wishes` and their values.
    """

    name: str
    change: Mapping[str, Any]

    def apply(self, wishes: Wishes) -> Wishes:
        """Return the wishes with this preset's knobs turned; all others stay."""
        return replace(wishes, **self.change)

    def holds(self, wishes: Wishes) -> bool:
        """Return whether all its knobs stand as it turns them."""
        return self.apply(wishes) == wishes


_WITH_SILENCE = {"detection": "server_vad"}


def _preset(name: str, **change: Any) -> Preset:
    return Preset(name, MappingProxyType(change))


#: Every preset by its name, in the order of the menu.
PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        _preset("quick", **_WITH_SILENCE, silence_ms=300),
        _preset("patient", **_WITH_SILENCE, silence_ms=1_000),
        _preset("telephone", input_format="pcmu", output_format="pcmu", chunk_ms=20),
        _preset("noisy_room", **_WITH_SILENCE, threshold=0.6, noise_reduction="far_field", interrupt_response=True),
        _preset("headphones", **_WITH_SILENCE, threshold=0.5, noise_reduction="none", interrupt_response=True),
        _preset("shared_room", **_WITH_SILENCE, threshold=0.7, noise_reduction="none", interrupt_response=False),
    )
}
