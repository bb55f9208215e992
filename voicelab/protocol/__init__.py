"""The Realtime language, pure: what can be said, what it means, what both sides remember of it.

Read in this order: ``items`` (what a conversation consists of), ``settings`` (a session's configuration, with
``allowed``), ``paths`` (naming one setting), ``client_events`` and ``server_events`` (what can be said), ``wire`` (JSON
and its errors), ``conversation`` (the state that both sides derive from the server's events), ``usage`` (token counts),
``ids``.
No module here opens a socket, sleeps or reads a clock.
"""
