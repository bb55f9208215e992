"""The client, live: one connection to a voice model, with sound in, sound out, and everything written down.

Read in this order: ``connect`` (the front door), ``faces`` (`Session` and `AsyncSession`), ``portal`` (the background
thread), ``live`` (a run being made), ``core`` (the session itself) with ``incoming``, ``outgoing`` and ``requests``,
``source`` (sound to send, 20 ms at a time), ``playback`` (sound that is heard) and ``devices`` (sound cards), ``calls``
(requests and their errors), ``asking`` (settings by short names), ``tools`` (functions the model may call),
``recorder`` and ``writing`` (the run folder), ``profiles`` (targets) and ``local_server`` (the embedded server as a
child process).
"""
