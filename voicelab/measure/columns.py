"""The columns of every table: name, type, unit, meaning. One place for the tables, the exports and their dictionary.

Out: `TABLES`, and the Polars schema of each.
Does not know: how a value is found.  Polars is imported when a schema is asked for.

``ms`` alone is a time on the run's time line (milliseconds since the run began, the client's monotonic clock) where the
meaning says "when", and a length where it says "how long".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

#: Changes whenever a definition changes: numbers of two versions are not compared unmarked.
METRIC_VERSION = "1"

TableName = Literal["events", "turns", "responses", "items", "tools", "costs", "vad", "metrics"]
Kind = Literal["int", "float", "text", "texts", "bool"]


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
    kind : {"int", "float", "text", "texts", "bool"}
        ``texts`` is a list of texts. Every column may hold nulls: does not exist here, or cannot be known.
    unit : str
        Empty where there is none.
    meaning : str
    """

    name: str
    kind: Kind
    unit: str
    meaning: str


def _columns(text: str) -> tuple[Column, ...]:
    """Return the columns of a table written as ``name kind unit | meaning`` a line; ``-`` is no unit."""
    columns = []
    for line in filter(None, map(str.strip, text.splitlines())):
        head, _, meaning = line.partition("|")
        name, kind, unit = head.split()
        columns.append(Column(name, kind, "" if unit == "-" else unit, meaning.strip()))  # type: ignore[arg-type]
    return (*columns, Column("metric_version", "text", "", "version of the definitions that the row was computed by"))


TABLES: dict[TableName, tuple[Column, ...]] = {
    "events": _columns("""
        seq    int   -     | number of the record in the run, from 0
        t_ms   float ms    | when, on the run's time line
        wall   text  -     | the same instant as wall time, RFC 3339, UTC
        epoch  int   -     | number of the connection within the run, from 0
        dir    text  -     | send, recv, or local (a fact of the side that wrote the log)
        type   text  -     | GA event name, or voicelab.* for local facts
        native text  -     | the provider's own name of the event where it differs
        bytes  int   bytes | size of the frame on the wire
        event  text  -     | the payload as JSON, audio replaced by where it lies
    """),
    "turns": _columns("""
        turn                 int   -   | number of the user turn in the run, from 1
        kind                 text  -   | spoken or typed
        epoch                int   -   | number of the connection within the run, from 0
        item_id              text  -   | the user's message in the conversation
        transcript           text  -   | what the server understood: another model's opinion; or what was typed
        reply                text  -   | words of the answers, heard or not
        calls                texts -   | functions called, as name(arguments)
        status               text  -   | of the last response, as in responses; or: no response
        interrupted          bool  -   | the reply was cut off, or cancelled
        speech_start_ms      float ms  | when the user's speech began
        speech_end_ms        float ms  | when the user's speech ended, see speech_end_from
        speech_end_from      text  -   | mark, label, speech scores (moved back to the last voiced sample), or detector
        stopped_ms           float ms  | when speech_stopped was received: the detector's anchor
        first_played_ms      float ms  | when the first sample of the reply was played
        first_audible_ms     float ms  | when the first audible sample of the reply was heard
        voice_to_voice_ms    float ms  | from speech_end_ms to first_audible_ms; negative: the reply overlaps
        from_stopped_ms      float ms  | from stopped_ms to first_audible_ms: hides the wait for silence
        endpoint_ms          float ms  | from speech_end_ms to speech_stopped received
        request_ms           float ms  | to response.created received
        model_ms             float ms  | to the first audio delta received
        playout_ms           float ms  | to the first sample played
        leading_silence_ms   float ms  | to the first audible sample (-45 dBFS over 10 ms)
        residual_ms          float ms  | voice_to_voice_ms minus these five
        first_audio_ms       float ms  | from speech_stopped received (typed: response.create sent) to the first delta
        transcript_delay_ms  float ms  | from speech_end_ms to the finished transcript received
        generated_ms         float ms  | audio of the replies generated, by the output audio tokens (50 ms each)
        delivered_ms         float ms  | audio of the replies received
        heard_ms             float ms  | audio of the replies played
        remembered_ms        float ms  | audio of the replies that the conversation remembers
        wasted_ms            float ms  | generated and not heard
        input_tokens         int   tokens | of all responses of the turn
        cached_tokens        int   tokens | the part of input_tokens that was cached
        output_tokens        int   tokens | of all responses of the turn
        audio_tokens_out     int   tokens | output tokens that are audio: what is billed of the sound
        history_tokens       int   tokens | the part of input_tokens that had been sent or said before
        cost_usd             float USD | of all its responses, cancelled ones too, without transcription
        history_usd          float USD | the part of cost_usd paid for what had been sent or said before
        wasted_usd           float USD | the price of the output audio that was not heard
        transcription_usd    float USD | of writing down what the user said, by that model's own price
        clamped              bool  -   | more cached than input tokens were reported; fresh ones are taken as 0
    """),
    "responses": _columns("""
        response_id          text  -   | the server's id
        turn                 int   -   | the user turn it answers; null: before turn 1, or beside the conversation
        epoch                int   -   | number of the connection within the run
        status               text  -   | completed, cancelled, failed, incomplete, in_progress
        reason               text  -   | why, as the server said
        created_ms           float ms  | when response.created was received
        first_output_ms      float ms  | when the first audio or text was received
        done_ms              float ms  | when response.done was received
        generated_ms         float ms  | audio generated, by the output audio tokens (50 ms each); null: no usage
        delivered_ms         float ms  | audio received
        heard_ms             float ms  | audio played
        remembered_ms        float ms  | audio that the conversation remembers after truncation
        wasted_ms            float ms  | generated (delivered where no usage was reported) and not heard
        input_text_tokens    int   tokens | cached ones included
        input_audio_tokens   int   tokens | cached ones included
        input_image_tokens   int   tokens | cached ones included
        cached_text_tokens   int   tokens | as reported
        cached_audio_tokens  int   tokens | as reported
        cached_image_tokens  int   tokens | as reported
        output_text_tokens   int   tokens | the transcript of a spoken reply is among them
        output_audio_tokens  int   tokens | what is billed of the sound
        history_tokens       int   tokens | input that had been sent or said before
        cost_usd             float USD | null: price or usage unknown
        history_usd          float USD | the part of cost_usd paid for what had been sent or said before
        wasted_usd           float USD | the price of the output audio that was not heard
        clamped              bool  -   | more cached than input tokens were reported; fresh ones are taken as 0
        text                 text  -   | words of the answer
        calls                texts -   | functions called, as name(arguments)
    """),
    "items": _columns("""
        item_id       text  -   | the server's or the client's id
        turn          int   -   | the user turn it belongs to
        epoch         int   -   | number of the connection within the run
        type          text  -   | message, function_call, function_call_output
        role          text  -   | user, assistant, system; null for functions
        status        text  -   | as last told by the server
        response_id   text  -   | the response that made it
        added_ms      float ms  | when the conversation told of it
        text          text  -   | its words, as known at the end; a user's speech by its transcript
        audio_ms      float ms  | sound in it: of the user as the detector cut it, of the assistant as delivered
        heard_ms      float ms  | of an assistant's sound: played
        remembered_ms float ms  | sound that the conversation remembers of it
        memory        text  -   | whole, truncated, or deleted
    """),
    "tools": _columns("""
        call_id       text  -   | joins call and result
        name          text  -   | of the function
        arguments     text  -   | JSON text
        output        text  -   | what was sent back
        response_id   text  -   | the response that called
        turn          int   -   | the user turn it belongs to
        epoch         int   -   | number of the connection within the run
        called_ms     float ms  | when the finished arguments were received
        answered_ms   float ms  | when function_call_output was sent
        next_audio_ms float ms  | when the first audio of the next response was received
        run_ms        float ms  | how long from call to output sent
        reply_ms      float ms  | how long from output sent to the next response's first audio
        gap_ms        float ms  | the sum of both: the silence that the listener sits through
    """),
    "costs": _columns("""
        source      text  -   | response, or transcription
        response_id text  -   | of a response
        item_id     text  -   | of a transcription: the user's message
        turn        int   -   | the user turn it belongs to
        model       text  -   | whose price is used
        meter       text  -   | text in, text cached, text out, audio in, audio cached, audio out, image in ...
        unit        text  -   | tokens, seconds or characters
        quantity    float unit | how many
        price_usd   float USD | for price_per units; null: unknown
        price_per   float unit | how many units that price is for
        cost_usd    float USD | null: unpriced
    """),
    "vad": _columns("""
        start_ms    float ms | when the scored window of the sent audio begins
        end_ms      float ms | when it ends
        probability float -  | that it is speech
        threshold   float -  | of the detector in force then
        detector    text  -  | who scored it
    """),
    "metrics": _columns("""
        metric    text  - | its name, see the dictionary
        basis     text  - | labelled, estimated (by speech scores or the detector), measured (no end of speech in it)
        value     float unit | null: nothing to compute it from
        low       float unit | lower end of the 95 % interval
        high      float unit | upper end of the 95 % interval
        n         int   - | what it is computed from: turns, pauses, replies
        n_missing int   - | how many more there were without a value
        unit      text  - | ms, share, words, ratio, per minute
        note      text  - | what has to be said beside the number
    """),
}


def schema_of(table: TableName) -> dict[str, Any]:
    """Return a table's Polars schema."""
    import polars as pl

    types: dict[Kind, pl.DataType | type[pl.DataType]] = {
        "int": pl.Int64,
        "float": pl.Float64,
        "text": pl.String,
        "texts": pl.List(pl.String),
        "bool": pl.Boolean,
    }
    return {column.name: types[column.kind] for column in TABLES[table]}
