"""Frames on a serial line: what is sent is read, whatever the line did before, and the board and the hub agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sensors.framing import MAX_COBS, MAX_PAYLOAD, Body, Deframer, crc, decode, encode, pack, unpack
from tests.board_maker import Golden, golden

BODIES = st.builds(pack, st.integers(0, 255), st.integers(0, 65_535), st.binary(max_size=MAX_PAYLOAD))
# Zeros and lengths are what COBS is about; noise that has them more often finds more.
NOISE = st.lists(st.one_of(st.binary(max_size=300), st.just(b"\0"), st.just(b"\x01" * 200))).map(b"".join)


def read(data: bytes) -> list[bytes]:
    return list(Deframer().feed(data))


@pytest.mark.parametrize("frame", golden().values(), ids=golden().keys())
def test_the_hub_writes_and_reads_the_same_bytes_as_the_board(frame: Golden) -> None:
    body = pack(frame.type, frame.number, frame.payload)
    assert encode(body) == frame.frame
    assert read(frame.frame) == [body]
    assert unpack(body) == Body(1, frame.type, frame.number, frame.payload)


def test_the_crc_is_the_one_that_is_written_down() -> None:
    assert crc(b"123456789") == 0x29B1


@given(BODIES)
def test_what_is_sent_is_what_is_read(body: bytes) -> None:
    frame = encode(body)
    assert frame.count(0) == 1
    assert frame.endswith(b"\0")
    assert len(frame) <= MAX_COBS + 1
    assert decode(frame[:-1]) == body


@given(st.lists(BODIES, max_size=8), st.integers(1, 50))
def test_frames_are_read_in_pieces_of_any_size(bodies: list[bytes], size: int) -> None:
    line = b"".join(encode(body) for body in bodies)
    deframer = Deframer()
    found = [body for at in range(0, len(line), size) for body in deframer.feed(line[at : at + size])]
    assert found == bodies
    assert deframer.refused == 0


@given(NOISE, BODIES)
def test_after_any_noise_the_frame_behind_the_next_end_is_read(noise: bytes, body: bytes) -> None:
    deframer = Deframer()
    for at in range(len(noise)):
        list(deframer.feed(noise[at : at + 1]))
        assert len(deframer.kept) <= MAX_COBS
    assert list(deframer.feed(b"\0" + encode(body)))[-1] == body


@given(BODIES, BODIES, st.data())
def test_a_frame_that_lost_its_tail_costs_one_more_at_most(first: bytes, body: bytes, data: st.DataObject) -> None:
    cut = encode(first)[: data.draw(st.integers(0, len(encode(first)) - 1))]
    assert read(cut + encode(body) + encode(body))[-1] == body


@given(BODIES, st.data())
def test_a_flipped_bit_is_never_taken_for_a_frame(body: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode(body))
    bit = data.draw(st.integers(0, 8 * len(frame) - 9))
    frame[bit // 8] ^= 1 << bit % 8
    assert body not in read(bytes(frame))


@settings(max_examples=20)
@given(st.integers(1, 255), st.integers(1, 5_000))
def test_a_line_without_ends_fills_no_memory(byte: int, size: int) -> None:
    deframer = Deframer()
    for _ in range(100):
        assert not list(deframer.feed(bytes([byte]) * size))
        assert len(deframer.kept) <= MAX_COBS
    assert not list(deframer.feed(b"\0"))
    assert deframer.refused == 1
    assert list(deframer.feed(encode(pack(1, 2)))) == [pack(1, 2)]


def test_ends_in_a_row_are_no_fault_and_a_short_frame_is_one() -> None:
    deframer = Deframer()
    assert not list(deframer.feed(b"\0\0\0"))
    assert deframer.refused == 0
    assert not list(deframer.feed(b"\x02\x01\0"))
    assert deframer.refused == 1


def test_a_payload_that_no_board_could_read_is_not_packed() -> None:
    with pytest.raises(ValueError, match="97 bytes, more than 96"):
        pack(1, 0, bytes(MAX_PAYLOAD + 1))
