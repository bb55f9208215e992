"""The embedded server: the Realtime protocol from the other side, on engines that need no model, key or network.

Read in this order: ``engines`` (what the server thinks with), ``opening`` (how they are opened), ``connection`` (one
client's state, and how events leave), ``serve`` (the loop: frame in, handler), then one file for each event family:
``session_events``, ``listening`` (the input audio buffer), ``item_events``, ``responses`` with ``speaking`` (one answer
becoming events); ``memory`` (what the items sounded like), ``capabilities`` (what is refused), ``app`` (HTTP and
WebSocket), ``process`` (the child process).
"""
