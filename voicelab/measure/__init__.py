"""Reading a run: from the log to turns, latency, turn-taking and money. Everything is computed from the log, again.

Read in this order: ``run`` and ``runs`` (`Run` and `Runs`, what people hold in their hands), ``columns`` (what every
table has in it); then what a run says: ``clocks`` (the input audio clock on the run's time line), ``facts`` and
``gathering`` (one pass: who said what when), ``story`` (the same from a log that is not parsed whole), ``speech`` and
``speech_end`` (where the user spoke), ``turns`` and ``turns_so_far`` (one row a user turn), ``ledger`` (what became of
the sound), ``tables`` and ``cache``.

Turn-taking: ``metric`` (the dictionary), ``floor`` and ``scene`` (who held the floor), ``turn_taking``,
``interruptions``, ``delivery``, ``understanding`` with ``words``, together in ``interaction``; ``intervals`` for all.

Money: ``price_list`` and ``prices`` (a usage's charges), ``history`` (what is sent again), ``unit_costs``,
``projection``, ``budget``, ``bill`` (a calculator), ``sent_and_billed``.

``exports`` hands runs to other tools; ``both_ends`` lays a client's run and the server's trace over each other. No
module here writes into a log. The page beside this file says what the numbers mean.
"""
