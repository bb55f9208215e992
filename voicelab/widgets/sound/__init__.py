"""The browser's microphone and loudspeaker, for a session that lives in the kernel.

The way of one frame. The page's capture worklet cuts 20 ms (480 samples at 24 kHz) out of the microphone and hands them
to the page (``js``), which sends them on the best way it has found: a WebSocket straight to the kernel's ``door``, the
same door through the Jupyter proxy, or the notebook's own comm. ``line`` takes it, on the portal's loop, whichever way
it came, and ``microphone`` delivers it to the session. A reply goes back: ``sink`` paces it a little ahead of the ear,
``line`` sends it, the playback worklet copies it to the output and says how many samples it has really copied. When the
user barges in, ``flush`` empties the worklet's queue, and its answer is the exact count: where to truncate. ``wire`` is
the form of the messages, ``state`` what is known of all this at a moment, and ``browser`` the widget that holds the
parts together. A busy cell stops none of it, save by comm, where the notebook's own traffic comes between.
"""
