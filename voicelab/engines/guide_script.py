"""The script of the guide: what people can say to it, and what it answers where the answer is fixed.

In: nothing, this is a table. Out: `INTENTS` in the order in which they are tried, `PHRASES` from which
the recogniser's language model is built (so that it can hear what the guide can answer), the long
reading, the cards. Does not know: how words are matched, computed or spoken (``guide.py``).

Phrases are lower-case words of the recogniser's stock dictionary; ``{number}`` stands for zero to one
hundred.
"""

from __future__ import annotations

from voicelab.engines.guide_intent import Intent
from voicelab.engines.guide_lab import LAB

READING = (
    "Gladly. People change turns about every two seconds, and hardly anyone notices the work behind it. "
    "Long before you finish, the other person has guessed where your sentence is going, prepared a reply, "
    "and begun to breathe in. A machine has no such luck. It waits for silence, and silence is a poor sign: "
    "you pause to think, to remember a name, or just for effect. If it waits too long, it seems slow; "
    "if it hurries, it cuts you off. So go ahead, cut me off now, and see how quickly I stop."
)

CARDS = (
    "What can you do?",
    "What is seven times eight?",
    "Read me something long",
    "What time is it?",
    "How does voice activity detection work?",
    "What did you just say?",
)

_COMPUTED = (
    Intent(
        "sum",
        (
            "what is {number} plus {number}",
            "what is {number} minus {number}",
            "what is {number} times {number}",
            "what is {number} divided by {number}",
            "how much is {number} plus {number}",
            "how much is {number} times {number}",
        ),
        pattern=r"(?!)",  # sums are parsed (guide_sums.py), not matched
    ),
    Intent("count", ("count to {number}", "please count to {number}"), r"\bcount (?:up )?(?:from one )?to\b"),
    Intent(
        "time",
        ("what time is it", "tell me the time"),
        r"\bwhat time is it\b(?! (?!now|please)\w)|\btell me (?:what )?(?:the )?time\b(?! \w)"
        r"|\bwhats? (?:is )?the time\b(?! (?!now|please)\w)",
    ),
    Intent(
        "day",
        ("what day is it", "what is the date today"),
        r"\bwh(?:at|ich) (?:day|date) (?:is it|is today)\b|\bwhats? (?:is )?(?:the date|todays date"
        r"|the day today)\b",
    ),
    Intent(
        "read",
        ("read me something long", "tell me a story"),
        r"\bread (?:me )?(?:something|a|the|some)\b|\ba story\b",
    ),
    Intent(
        "go on",
        ("go on", "continue reading", "please continue"),
        r"^(?:please )?(?:go on|continue|carry on|keep going)\b",
    ),
    Intent(
        "heard me say",
        ("what did you just say", "what did you say", "repeat that", "say that again"),
        r"\bwhat did you (?:just )?say\b|\brepeat (?:that|please|yourself)\b|^repeat$|\bsay (?:that"
        r"|it) again\b|^pardon\b",
    ),
    Intent(
        "i said",
        ("what did i say", "what did i just say"),
        r"\bwhat did i (?:just )?say\b|\bwhat have i said\b",
    ),
    Intent(
        "ask name",
        ("what is my name", "do you know my name"),
        r"\bwhats? (?:is )?my name\b|\b(?:know|remember) my name\b|\bwho am i\b",
    ),
    Intent(
        "tell name",
        ("my name is anna", "my name is david", "my name is maria", "my name is john", "my name is sarah"),
        r"\bmy name is \w+|\b(?:please )?call me \w+|\bi am called \w+",
    ),
    Intent("your name", ("who are you", "what is your name"), r"\bwho are you\b|\bwhats? (?:is )?your name\b"),
)

_MANNERS = (
    Intent(
        "function",
        (
            "what is the weather in paris",
            "what is the weather in london",
            "what is the weather in tokyo",
            "what is the weather in new york",
            "set a timer for {number} minutes",
            "turn on the lights",
            "turn off the lights",
        ),
        r"\bweather\b|\btimer\b|\blights?\b|\balarm\b",
        ("I need a function for that. Declare one in the session's tools, and I will call it.",),
    ),
    Intent(
        "joke",
        ("tell me a joke", "tell me another joke"),
        r"\bjokes?\b|\bmake me laugh\b|\bsomething funny\b",
        (
            "Here is one. A sound walks into a quiet room, and everybody turns to look. It was a false alarm.",
            "All right. I had a joke about silence, but it always gets cut off.",
            "Why did the microphone go home early? It had picked up enough for one day.",
        ),
    ),
    Intent(
        "fact",
        ("tell me a fact", "tell me something interesting"),
        r"\bfacts?\b|\bsomething (?:interesting|new)\b",
        (
            "Here is one. Across languages, people usually begin to answer about a fifth of a second after a question.",
            "Here is one. Silence in a phone call feels awkward after about one second.",
            "Here is one. Sound crosses a room of seven metres in about twenty milliseconds, one frame of this lab.",
        ),
    ),
    Intent(
        "stop",
        ("stop", "please stop", "wait a moment"),
        r"^(?:please |okay )?(?:stop|wait|hold on|be quiet|enough)\b",
        ("Okay. I stopped.", "Of course. Take your time."),
    ),
    Intent(
        "how are you",
        ("how are you",),
        r"\bhow are you\b|\bhow do you do\b",
        ("Very well, thank you. Ask me what I can do.",),
    ),
    Intent(
        "thanks",
        ("thank you", "thanks a lot", "no thank you"),
        r"\bthank(?:s| you)\b",
        ("You are welcome.", "Any time."),
    ),
    Intent(
        "goodbye",
        ("goodbye", "see you later"),
        r"\b(?:good ?bye|bye|see you|farewell)\b",
        ("Goodbye. It was nice talking to you.", "See you. Your run is in the log."),
    ),
    Intent(
        "yes or no",
        ("yes please",),
        r"^(?:yes|no|yeah|nope|okay|ok|sure|fine|good|great|nice)(?: please)?$",
        ("All right. Just ask me something, or say: what can you do?",),
    ),
    Intent(
        "greeting",
        ("hello", "hi there", "good morning", "good evening", "good afternoon"),
        r"^(?:hello|hi|hey|good (?:morning|afternoon|evening|day))\b(?: (?:there|guide|again|everyone"
        r"|you))?$",
        (
            "Hello. Ask me what I can do, or say: read me something long, and interrupt me.",
            "Hi there. You can ask me about this lab, or give me a sum.",
        ),
    ),
)

INTENTS: tuple[Intent, ...] = _COMPUTED + LAB + _MANNERS

PHRASES: tuple[str, ...] = tuple(phrase for intent in INTENTS for phrase in intent.phrases)
