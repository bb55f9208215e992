"""The engines: what hears, what replies, what speaks.

Read in this order. The replies: ``reply`` (what is asked and given back), ``guide`` (rules, with
``guide_intent``, ``guide_script``, ``guide_lab``, ``guide_answers``, ``guide_sums``, ``guide_results``),
``tools`` (which function fits, with ``arguments``, ``utterance``, ``schema``), ``mirror``, ``chat`` (with
``chat_wire``, ``sentences``); below them ``words`` and ``number_words``. Hearing and speaking: ``base``
(the interfaces), ``voices``, ``espeak``, ``language``, ``sphinx``; ``worker_messages``, ``worker_line``,
``child``, ``worker`` and ``host`` (native engines in processes of their own), ``available`` (what works here).
"""
