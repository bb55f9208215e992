"""The embedded server: the Realtime protocol from the other side, on engines that need no model, key or network.

README.md says what is like the hosted service, what is not, and what is refused.  Read in this order:

- the frame: ``engines`` (what the server thinks with, its options), ``opening`` (how engines are opened),
  ``connection`` (one client's state, and how events leave), ``serve`` (frame in, handler, events out), ``trace`` (all
  of it written down), ``rate_limits``;
- settings: ``session_events``, ``changes`` (what may change when), ``capabilities`` (what is refused);
- the user's sound: ``listening``, with ``intake`` (bytes to clean samples), ``audio_buffer``, ``detection`` (whose rule
  ends a turn), ``open_turn``, ``ears`` (the recogniser), ``transcribing``, ``committing`` (a turn becomes an item),
  ``idle`` (nobody speaks);
- items: ``item_events``, ``client_items`` (checked), ``item_audio`` (recordings in items), ``memory`` with
  ``sound_store`` (what items sounded like);
- answers: ``responses`` (which run), ``response_settings``, ``context`` (what one is given), ``speaking`` (one answer
  while it runs), ``response_output`` (its events);
- HTTP: ``app``, ``admission`` (who may in), ``client_secrets``, ``http_sessions``; ``process`` (the child process).
"""
