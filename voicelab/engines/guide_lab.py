"""The part of the guide's script that is about the lab: detection, turns, waiting, money, the log.

In: nothing, this is a table. Out: `LAB`, intents with fixed answers. Does not know: the rest of the script.
"""

from __future__ import annotations

from voicelab.engines.guide_intent import Intent

LAB: tuple[Intent, ...] = (
    Intent(
        "what can you do",
        ("what can you do", "what can i say", "help me please"),
        r"\bwhat can (?:you do|i say|i ask|i do)\b|^(?:please )?help\b|\bhelp me(?: please)?$",
        (
            "Quite a bit. I do sums, tell the time, read aloud until you interrupt me, call your functions, "
            "and explain this lab. Try: what is seven times eight?",
        ),
    ),
    Intent(
        "model",
        ("are you a model", "are you a real person"),
        r"\bare you (?:an? |really )?(?:\w+ )?(?:model|robot|ai|person|human|machine|computer|real)\b",
        ("I am neither a model nor a person. I am a script and some rules, and nothing you say costs anything.",),
    ),
    Intent(
        "voice activity detection",
        ("how does voice activity detection work", "what is voice activity detection"),
        r"\bvoice activity\b|\bspeech detection\b|\bvad\b",
        (
            "It listens for speech. Every few milliseconds it says how likely it is that someone is talking, "
            "and a threshold turns that into a yes or a no.",
        ),
    ),
    Intent(
        "threshold",
        ("what is the threshold", "what does the threshold do"),
        r"\bthreshold\b",
        (
            "It is the line that speech has to cross. Raise it and noise stays out, but soft voices may be "
            "missed; "
            "lower it and the opposite happens.",
        ),
    ),
    Intent(
        "silence",
        ("what is the silence duration", "why did you interrupt me"),
        r"\bsilence (?:duration|time)\b|\bwhy did you (?:interrupt me|cut me off)\b"
        r"|\b(?:you )?(?:interrupted me|cut me off)\b",
        (
            "That is the silence duration. When you pause for longer than that, your turn is over; make it "
            "longer "
            "and I will be more patient, but slower.",
        ),
    ),
    Intent(
        "padding",
        ("what is the prefix padding",),
        r"\bpadding\b",
        (
            "It saves your first sound. The lab keeps a little audio from before you were noticed, so that "
            "no word loses its head.",
        ),
    ),
    Intent(
        "semantic",
        ("what is semantic turn detection",),
        r"\bsemantic\b|\beagerness\b",
        ("It listens for meaning. Instead of silence alone, it asks whether your sentence sounds finished.",),
    ),
    Intent(
        "interruption",
        ("how do i interrupt you", "can i interrupt you", "what is barge in"),
        r"\b(?:can|do|may|how) i interrupt\b|\bbarge ?in\b|\binterruptions?\b",
        (
            "Just talk over me. I stop, and the lab keeps only the words that you really heard. "
            "Say: read me something long, and try it.",
        ),
    ),
    Intent(
        "latency",
        ("what is latency", "why are you so slow", "why is it slow"),
        r"\blatency\b|\bwhy (?:are you|is (?:it|this)) (?:so )?slow\b|\bhow fast are you\b",
        (
            "It is the wait. Most of it is the silence you set as the end of a turn; the lab shows the "
            "rest, part by part.",
        ),
    ),
    Intent(
        "cost",
        ("what does this cost", "how much does it cost"),
        r"\b(?:cost|costs|price|prices|expensive|money)\b",
        (
            "Here, nothing. The lab counts what these tokens would cost on a model that you name, and "
            "nothing is billed.",
        ),
    ),
    Intent(
        "tokens",
        ("what is a token", "how do tokens work"),
        r"\btokens?\b",
        (
            "Tokens are how models count. Your voice makes about ten a second and mine about twenty, "
            "and the whole conversation is sent again each turn.",
        ),
    ),
    Intent(
        "hearing",
        ("can you hear me", "do you understand me"),
        r"\b(?:can|do) you (?:hear|understand)\b|\bhow (?:well )?do you hear\b",
        ("Yes, I can. I know a list of English sentences well; when you leave it, I say that I did not catch you.",),
    ),
    Intent(
        "privacy",
        ("where does my voice go", "are you recording me"),
        r"\bwhere does my (?:voice|audio) go\b|\bprivacy\b|\bare you (?:listening|recording)\b",
        ("Not far. It goes to the server that you connected to, and I send it to nobody else.",),
    ),
    Intent(
        "log",
        ("where is the log", "what do you record"),
        r"\bthe logs?\b|\bwhat (?:do you|is) record(?:ed)?\b",
        ("In the run folder. Every event and all the audio are kept there, so each picture can be drawn again later.",),
    ),
    Intent(
        "speed",
        ("speak slower please", "speak faster please"),
        r"\b(?:speak|talk) (?:more )?(?:slow|fast|quick)\w*\b|\b(?:slower|faster)\b",
        ("That is your knob. Change the speed or the voice in the settings, and I will follow.",),
    ),
    Intent(
        "lab",
        ("tell me about this lab", "what is this lab", "what is this"),
        r"\b(?:this|the) lab\b|\bvoice ?lab\b|\bwhat is this\b(?! \w)",
        (
            "It is a workbench. You talk, see when the computer decided that you were done, turn a knob, "
            "and hear the difference at once.",
        ),
    ),
)
