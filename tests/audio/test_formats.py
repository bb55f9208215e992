"""Promises of `voicelab.audio.formats`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.audio.formats import PCM24, PCMA, PCMU, Decoder, Encoder, by_name, from_wire
from voicelab.audio.signals import noise, tone
from voicelab.errors import AudioError, ConfigError

FORMATS = [PCM24, PCMU, PCMA]


def test_the_wire_objects_are_those_of_the_ga_interface():
    """PCM names its rate, the telephone formats have none."""
    assert PCM24.to_wire() == {"type": "audio/pcm", "rate": 24000}
    assert PCMU.to_wire() == {"type": "audio/pcmu"}
    assert PCMA.to_wire() == {"type": "audio/pcma"}


@pytest.mark.parametrize("wire_format", FORMATS)
def test_a_format_survives_the_wire(wire_format):
    """What `to_wire` writes, `from_wire` reads."""
    assert from_wire(wire_format.to_wire()) is wire_format


def test_pcm_without_a_rate_is_24_khz():
    """The rate may be left out."""
    assert from_wire({"type": "audio/pcm"}) is PCM24


@pytest.mark.parametrize("obj", [{"type": "audio/opus"}, {"type": "pcm16"}, {}, {"type": ["audio/pcm"]}])
def test_an_unknown_type_is_refused_and_the_supported_ones_are_listed(obj):
    """The error names the setting and all three types."""
    with pytest.raises(ConfigError, match="audio/pcm, audio/pcmu, audio/pcma") as caught:
        from_wire(obj)
    assert caught.value.param == "type"


@pytest.mark.parametrize("obj", [{"type": "audio/pcm", "rate": 16000}, {"type": "audio/pcmu", "rate": 24000}])
def test_another_rate_is_refused_and_the_right_one_is_named(obj):
    """PCM is 24 kHz, telephone formats are 8 kHz; nothing is converted in silence."""
    with pytest.raises(ConfigError, match=f"rate {obj['rate']} is not supported: use (24000|8000)") as caught:
        from_wire(obj)
    assert caught.value.param == "rate"


@pytest.mark.parametrize(
    ("names", "wire_format"),
    [
        (["pcm", "pcm16", "audio/pcm"], PCM24),
        (["pcmu", "ulaw", "mulaw", "g711_ulaw", "audio/pcmu"], PCMU),
        (["pcma", "alaw", "g711_alaw", "audio/pcma"], PCMA),
    ],
)
def test_a_format_has_all_its_usual_names(names, wire_format):
    """GA, Beta and short names."""
    assert {by_name(name) for name in names} == {wire_format}


def test_an_unknown_name_is_refused_and_the_supported_ones_are_listed():
    """The error repeats the name and says what would be right."""
    with pytest.raises(ConfigError, match=r"'opus'.*pcm16.*g711_ulaw"):
        by_name("opus")


@pytest.mark.parametrize("wire_format", FORMATS)
def test_a_second_of_sound_has_the_bytes_the_format_says(wire_format):
    """`bytes_per_ms` and `ms` agree with what the encoder makes."""
    encoder = Encoder(wire_format)
    data = encoder.feed(tone(440, 1000)) + encoder.finish()
    assert len(data) == 1000 * wire_format.bytes_per_ms
    assert wire_format.ms(len(data)) == 1000.0


def test_pcm_is_little_endian_and_exact():
    """0x0102 is sent as 02 01, and every sample comes back unchanged at once."""
    samples = np.array([0x0102, -1, 32767, -32768], np.int16)
    assert Encoder(PCM24).feed(samples) == b"\x02\x01\xff\xff\xff\x7f\x00\x80"
    assert np.array_equal(Decoder(PCM24).feed(Encoder(PCM24).feed(samples)), samples)


def test_half_a_pcm_sample_is_refused():
    """An odd number of bytes is an error that says so, and nothing of it is taken."""
    decoder = Decoder(PCM24)
    with pytest.raises(AudioError, match="3 bytes, an odd number"):
        decoder.feed(b"\x01\x00\x02")
    assert decoder.feed(b"\x05\x00").tolist() == [5]


def test_a_decoded_array_can_be_written_to():
    """Samples from the wire are the caller's own, not a read-only view of the message."""
    for wire_format in FORMATS:
        assert Decoder(wire_format).feed(bytes(960)).flags.writeable


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FORMATS), st.lists(st.integers(0, 900), min_size=1, max_size=8), st.integers(0, 99))
def test_any_chunking_gives_the_same_bytes_and_samples(wire_format, sizes, seed):
    """Encoder and decoder are streams: where a chunk ends does not matter."""
    samples = noise(sum(sizes) / 24, -20, seed)
    encoder, decoder, at_once = Encoder(wire_format), Decoder(wire_format), Encoder(wire_format)
    chunks = np.split(samples, np.cumsum(sizes)[:-1])
    messages = [*(encoder.feed(chunk) for chunk in chunks), encoder.finish()]
    data = at_once.feed(samples) + at_once.finish()
    heard = np.concatenate([*(decoder.feed(message) for message in messages), decoder.finish()])
    whole_decoder = Decoder(wire_format)
    assert b"".join(messages) == data
    assert np.array_equal(heard, np.concatenate([whole_decoder.feed(data), whole_decoder.finish()]))


@pytest.mark.parametrize("wire_format", [PCMU, PCMA])
def test_a_tone_through_the_telephone_is_still_the_tone(wire_format):
    """24 kHz to G.711 and back: at least 33 dB of signal to noise, in place and in level."""
    sent = tone(1000, 1000)
    encoder, decoder = Encoder(wire_format), Decoder(wire_format)
    data = encoder.feed(sent) + encoder.finish()
    heard = np.concatenate([decoder.feed(data), decoder.finish()])
    error = (heard.astype(float) - sent)[2400:-2400]
    assert heard.size == sent.size
    assert 10 * np.log10(np.mean(sent[2400:-2400].astype(float) ** 2) / np.mean(error**2)) > 33
