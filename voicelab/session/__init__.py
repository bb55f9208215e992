"""The client, live: one connection to a voice model, with sound in, sound out, and everything written down.

Read in this order: ``connect`` (the front door), ``profiles`` (targets), ``faces`` (`Session` and `AsyncSession`) with
``asking`` (settings and responses by short names), ``portal`` (the background thread), ``live`` (a run being made)
with ``writing`` (its folder, on a thread), ``core`` (the session itself) with ``connection`` (one after the other),
``incoming`` and ``reacting`` (what the server says, and what is done about it), ``outgoing``, ``requests`` and
``calls`` (what is asked of it, and whose mistake an error is), ``differences`` (asked and in force), ``history`` (a
conversation told again), ``source`` (sound to send, 20 ms at a time) and ``appending`` (sound of one's own),
``playback`` (sound that is heard) and ``devices`` (sound cards), ``tools`` (functions the model may call), and
``local_server`` (the embedded server as a child process).
"""
