"""A copy of a run that can be given away: without what was said, without the sound, or without both.

In: a run folder.  Out: another one; the first stays as it is.
Does not know: to whom it is given, or archives.

What is kept is named here, not what is taken away: a field that nobody thought of is left out. Without text there
remain kinds of events, ids, times, settings that are numbers or words of the protocol, token counts and speech
scores. What goes: transcripts and their deltas, the contents of items, typed text, instructions and prompts, tools
with their arguments and results, labels' words, remarks, messages of errors, names of files and microphones, tags,
the note, the server's address. Where text was taken from an event its size on the wire goes as well, for it tells the
length.

A copy without text but with sound still says everything to whoever listens; ids that a client chose itself stay.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, read_manifest, write_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Record, encode_line
from voicelab.runlog.writer import EVENTS

REDACTED = "[redacted]"
TRACKS = ("input.wav", "output.wav", "heard.wav")
Redaction: TypeAlias = Literal["full", "no text", "no audio"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Whose value may be a word: of the protocol, an id, or a name of voicelab's own. Anything with a space in it is text.
_WORDS = _names("""
    call_id code conversation conversation_id delay detector eagerness effort event_id hearing id item_id kind language
    max_output_tokens model object output_modalities param path previous_item_id reason reply response_id role
    speech_scores status table tool_choice track truncation type voice voicelab warnings what
""")
# Whose words are said, written or chosen by somebody.
_TEXTS = _names("""
    arguments asked audio clip content converted delta description in_force instructions message microphone name
    output prompt sink text transcript
""")
# Whose value is a number, or holds fields of these three kinds.
_FACTS = _names("""
    at_ms audio_end_ms audio_ref audio_start_ms audio_tokens bad_lines before_usd billed cached_tokens
    cached_tokens_details characters chunk_ms content_index cost_usd create_response duration_ms end epoch error
    expires_at first_sample_ns format hear_finish_ms heard_ms idle_timeout_ms image_tokens input
    input_token_details input_tokens interrupt_response item item_ids labels left_out_base64 limit limit_usd
    modelled_cost n n_backwards n_bad_lines n_clipped n_events n_without_sound n_without_time noise_reduction
    output_index output_token_details output_tokens p parallel_tool_calls part pauses_ms peak_dbfs
    post_instructions prefix_padding_ms projected_usd rate rate_limits reasoning received_ms remaining
    reply_is_a_model reset_seconds response retention_ratio rms_dbfs seconds session silence_duration_ms
    speak_first_ms speech_end_ms speech_start_ms speed spent_usd start start_ms status_details strength
    text_tokens threshold token_limits total_tokens transcription turn_detection unpriced usage window_ms
""")
# Lists and maps whose very keys or lengths are somebody's; readers find them, empty.
_EMPTIED = frozenset(("keywords", "languages", "logprobs", "metadata", "notes", "tools"))
_MARK = "voicelab.mark"
#: The one remark that is a measurement: where speech really ended. What follows these words is somebody's.
TRUE_END = "true end"
# A word: no space, and short enough not to be a sentence in disguise.
_A_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/\-]{0,79}")


def redact_run(source: Path, target: Path, *, text: bool, audio: bool) -> Path:
    """Write a copy of a run without its text, without its sound, or without both.

    Parameters
    ----------
    source : Path
        A run folder, also one that still grows (what there is of it by now) or lost its writer.
    target : Path
        A new or empty folder.
    text, audio : bool
        What to leave out.

    Returns
    -------
    Path
        ``target``. Its manifest says in ``redaction`` what was left out; reports and other files are never copied, and
        lines of the log that are no records are not either.

    Raises
    ------
    RunError
        ``source`` is no run, or ``target`` is not empty.
    """
    manifest = read_manifest(source)
    if target.resolve() == source.resolve() or (target.exists() and any(target.iterdir())):
        raise RunError(f"{target} is not empty: name a new folder for the redacted copy")
    target.mkdir(parents=True, exist_ok=True)
    records, _ = read_records(source)
    if text:
        records = [redact_record(record) for record in records]
    (target / EVENTS).write_bytes(b"".join(map(encode_line, records)))
    for name in TRACKS:
        if not audio and (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    write_manifest(target, redact_manifest(manifest, text=text, audio=audio))
    return target


def redact_record(record: Record) -> Record:
    """Return a record without text; of a remark that speech ended here remains that it did."""
    event = without_text(record.event)
    if record.type == _MARK and str(record.event.get("text")).strip().lower().startswith(TRUE_END):
        event["text"] = TRUE_END
    return msgspec.structs.replace(
        record,
        type=_word(record.type),
        native=None if record.native is None else _word(record.native),
        event=event,
        bytes=record.bytes if event == record.event else None,
    )


def redact_manifest(manifest: Manifest, *, text: bool, audio: bool) -> Manifest:
    """Return a run's facts without its text, and with the word on what was left out."""
    text_gone = text or manifest.redaction == "no text"
    audio_gone = audio or manifest.redaction == "no audio"
    level: Redaction = "no text" if text_gone else "no audio" if audio_gone else "full"
    manifest = msgspec.structs.replace(manifest, redaction=level)
    if not text_gone:
        return manifest
    server = manifest.voicelab_server
    return msgspec.structs.replace(
        manifest,
        reason=None if manifest.reason is None else REDACTED,
        url="",
        asked=without_text(manifest.asked),
        in_force=without_text(manifest.in_force),
        voicelab_server=None if server is None else without_text(server),
        # Prices of one's own say whose they are, and why.
        prices={key: _numbers(value) if key == "overrides" else value for key, value in manifest.prices.items()},
        tags={},
        # ``redaction`` has one word for it; that both are gone is said here.
        note="redacted: no text, no audio" if audio_gone else "redacted: no text",
    )


def _numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _numbers(inner) for key, inner in value.items()}
    return REDACTED if isinstance(value, str) else value


def without_text(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's body, or a session object, with only what is known not to be text.

    Parameters
    ----------
    event : mapping
        Plain JSON values.

    Returns
    -------
    dict
        Texts are ``"[redacted]"`` (deltas ``""``), empty ones stay empty: that nothing was heard is no secret. Fields
        with unknown names are gone.
    """
    return {key: _value(key, value) for key, value in event.items() if key in _KNOWN}


_KNOWN = _WORDS | _TEXTS | _FACTS | _EMPTIED


def _value(key: str, value: Any) -> Any:
    if key in _EMPTIED:
        return type(value)() if isinstance(value, dict | list) else None
    if isinstance(value, dict):
        return without_text(value)
    if isinstance(value, list | tuple):
        return [_value(key, inner) for inner in value]
    if isinstance(value, str):
        return value and (_word(value) if key in _WORDS else _nothing(key))
    # A number that somebody said ("arguments": 5) is a text; one of the protocol is not.
    return REDACTED if key in _TEXTS and value is not None and not isinstance(value, bool) else value


def _nothing(key: str) -> str:
    # Deltas are put together by readers, and twenty times "[redacted]" is no text either.
    return "" if key == "delta" else REDACTED


def _word(value: str) -> str:
    return value if _A_WORD.fullmatch(value) else REDACTED
