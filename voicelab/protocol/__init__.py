"""The Realtime language, pure: what can be said, what it means, what both sides remember of it.

Read in this order: ``items`` (what a conversation consists of), ``settings`` (a session's configuration, with
``allowed``), ``paths`` (naming one setting), ``client_events`` and ``server_events`` (what can be said), ``wire`` (JSON
and its errors), ``dialects`` (the same protocol under other names: ``beta`` with ``beta_session``), ``conversation``
(the state that both sides derive from the server's events), ``remembered`` (what of it can be shown), ``usage`` (token
counts), ``truncation`` (what is left out when the context is full), ``ids``.
No module here opens a socket, sleeps or reads a clock.
"""
