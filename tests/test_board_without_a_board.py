"""The simulated board speaks as the real one does: the same frames, the same order, the same patience."""

from struct import unpack_from

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.nouns import Instant
from agent.sensors.framing import Deframer, encode, pack, unpack
from agent.sensors.wire import (
    ACK,
    ASK_HELLO,
    CONFIGURE,
    DONE,
    HEARTBEAT,
    HELLO,
    READING,
    SELFTEST,
    WAVEFORM,
    Block,
    block,
    configure,
    heartbeat,
    reading,
    selftest,
)
from agent.sensors.wire import ack as ack_payload
from agent.simulate.board import ENABLED, INVERTED, NANO, Board, Channel, waveform
from agent.simulate.wires import BadOrder, Wires
from agent.simulate.wires import bed as bed_of
from tests.board_maker import DOOR, MOTION, Ends, golden

GOLDEN = golden()
# The board of the golden frames: its door and its case are read the other way round.
WRITTEN_DOWN = NANO._replace(
    board=b"m328p",
    boot=7,
    channels=(Channel(1, 1, 50), Channel(2, 3, 20), Channel(3, 3, 30), Channel(4, 3, 50), Channel(5, 0)),
)
EPOCH = 1_800_000_000_000


class Heard:
    """A board, and all that it has said, body by body."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.bodies: list[tuple[int, int, bytes]] = []
        self._deframer = Deframer()

    def turn(self, *times: int) -> list[tuple[int, int, bytes]]:
        """What it said at these times."""
        came = [body for now in times for body in self._deframer.feed(self.board.turn(now))]
        said = [unpack(body) for body in came]
        fresh = [(one.type, one.number, one.payload) for one in said if one is not None]
        self.bodies += fresh
        return fresh

    def types(self, *times: int) -> list[int]:
        return [type for type, _, _ in self.turn(*times)]

    def say(self, type: int, number: int = 0, payload: bytes = b"") -> None:
        self.board.receive(encode(pack(type, number, payload)))


def flickers(board: Board, count: int, since: int) -> int:
    """The door opens and shuts ``count`` times in all, a tenth of a second each; when it is over."""
    for nth in range(count):
        board.level(DOOR, nth % 2 == 0, since + 100 * nth)
    return since + 100 * count


def greeted(board: Board) -> Heard:
    heard = Heard(board)
    heard.turn(1_000)
    board.receive(encode(pack(ACK, 0, ack_payload(7, 0, 0))))
    return heard


def test_the_simulated_board_writes_the_golden_frames_byte_for_byte() -> None:
    board = Board(WRITTEN_DOWN, now=1_000)
    assert board.turn(1_000) == GOLDEN["hello"].frame
    board.receive(encode(pack(ACK, 0, ack_payload(7, 0, 0))))
    board.level(DOOR, True, 3_456)
    beat, opened, _ = board.turn(4_000).split(b"\0")
    assert beat + b"\0" == GOLDEN["heartbeat"].frame
    assert opened + b"\0" == GOLDEN["reading_door_open"].frame
    board.receive(GOLDEN["configure"].frame)
    assert board.turn(4_001) == GOLDEN["done"].frame


@pytest.mark.parametrize("name", ["waveform_12_bits", "waveform_24_bits"])
def test_a_block_of_the_bed_is_the_golden_one(name: str) -> None:
    wanted = GOLDEN[name]
    assert waveform(*block(wanted.payload)) == wanted.payload
    assert encode(pack(WAVEFORM, wanted.number, wanted.payload)) == wanted.frame


def test_the_orders_of_the_hub_are_read_as_they_are_written_down() -> None:
    heard = greeted(Board(WRITTEN_DOWN, lambda at, count, rate: [0] * count, now=1_000))
    heard.board.level(DOOR, True, 1_010)
    heard.turn(1_100)
    heard.board.receive(GOLDEN["ack"].frame)
    assert heard.types(1_700, 2_300) == []  # it forgot the one reading, and does not send it again
    heard.board.receive(GOLDEN["ask_hello"].frame + GOLDEN["ask_selftest"].frame)
    (hello, _, _), (test, number, payload) = heard.turn(2_400)
    assert (hello, test, number) == (HELLO, SELFTEST, 9)
    assert selftest(payload) == ([], 4_987)


def test_until_it_is_acknowledged_the_board_introduces_itself_again() -> None:
    heard = Heard(Board(WRITTEN_DOWN, now=1_000))
    assert heard.types(*range(1_000, 9_500, 10)).count(HELLO) == 5
    heard.say(ACK, payload=ack_payload(6, 0, 0))  # meant for the boot before
    assert HELLO in heard.types(11_000)
    heard.say(ACK, payload=ack_payload(7, 0, 0))
    assert heard.types(*range(11_010, 20_000, 10)) == [HEARTBEAT] * 4


def test_a_door_that_is_open_when_the_board_starts_is_told_by_the_heartbeat_alone() -> None:
    board = Board(NANO)
    board.level(DOOR, True, 0)
    said = Heard(board).turn(0, 2_000)
    assert [type for type, _, _ in said] == [HELLO, HELLO, HEARTBEAT]
    assert heartbeat(said[-1][2]).levels == 1 << DOOR


def test_what_nobody_acknowledged_is_sent_again_no_more_than_eight_at_a_time() -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    over = flickers(heard.board, 20, 1_100)
    numbers = [number for type, number, _ in heard.turn(over) if type == READING]
    assert numbers == list(range(8))
    assert heard.types(over + 499) in ([], [HEARTBEAT])
    again = heard.turn(over + 501)
    assert [type for type, _, _ in again] == [HEARTBEAT] + [READING] * 8
    heard.say(ACK, payload=ack_payload(7, 5, 5))
    assert [number for _, number, _ in heard.turn(over + 510)] == [8, 9, 10, 11, 12]


def test_what_the_hub_has_heard_is_not_said_again_and_is_kept_until_it_is_on_its_disk() -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    over = flickers(heard.board, 6, 1_100)
    heard.turn(over)
    heard.board.receive(encode(pack(ACK, 0, ack_payload(7, 1, 6))))
    said = heard.turn(*range(over, over + 3_000, 100))
    assert READING not in [type for type, _, _ in said]
    (beat,) = (heartbeat(payload) for type, _, payload in said if type == HEARTBEAT)
    assert beat.state[2:] == (1, 6)
    heard.board.receive(encode(pack(ACK, 0, ack_payload(7, 1, 1))))  # a hub that was killed knows what its disk has
    assert [number for type, number, _ in heard.turn(over + 4_000, over + 4_501) if type == READING] == [1, 2, 3, 4, 5]


def test_of_more_than_sixty_four_readings_the_oldest_goes_and_the_heartbeat_says_so() -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    over = flickers(heard.board, 72, 1_100)
    beats = [heartbeat(payload) for type, _, payload in heard.turn(over, over + 501) if type == HEARTBEAT]
    assert beats[-1].state[2:] == (8, 72)
    assert [number for type, number, _ in heard.turn(over + 1_002) if type == READING] == list(range(8, 16))


def test_a_door_that_flickers_for_less_than_its_debounce_did_nothing() -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    heard.board.level(DOOR, True, 1_100)
    heard.board.level(DOOR, False, 1_110)
    heard.board.level(MOTION, True, 1_120)
    told = [reading(payload) for type, _, payload in heard.turn(1_200) if type == READING]
    assert [(one.channel, one.value, one.uptime) for one in told] == [(MOTION, 1, 1_120)]


@pytest.mark.parametrize(
    ("payload", "result"),
    [
        (b"", 4),
        (configure(0, 1, 20)[:3], 4),
        (configure(9, 1, 20), 2),
        (configure(0, 1, 1_001), 3),
        (configure(0, 4, 20), 3),
        (configure(0, 1, 1_000), 0),
    ],
)
def test_an_order_that_cannot_be_done_is_answered_with_why(payload: bytes, result: int) -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    heard.say(CONFIGURE, 3, payload)
    assert heard.turn(1_010) == [(DONE, 3, bytes((CONFIGURE, result)))]
    heard.say(0x7F, 4, configure(1, 0, 20))
    assert heard.turn(1_020) == [(DONE, 4, bytes((0x7F, 1)))]
    assert heard.board.channels[DOOR].flags == ENABLED | INVERTED  # that order was none


def test_a_channel_that_is_turned_round_tells_its_level_and_no_reading() -> None:
    heard = greeted(Board(WRITTEN_DOWN, now=1_000))
    heard.say(CONFIGURE, 0, configure(DOOR, ENABLED, 20))
    said = heard.turn(1_010, 3_000)
    assert READING not in [type for type, _, _ in said]
    assert [heartbeat(payload).levels for type, _, payload in said if type == HEARTBEAT] == [1 << DOOR]


def test_a_bed_that_is_switched_on_is_told_without_a_gap_a_quarter_of_a_second_at_a_time() -> None:
    asked: list[Instant] = []

    def felt(at: Instant, count: int, rate_hz: int) -> list[int]:
        asked.append(at)
        return [5_000] * count

    heard = greeted(Board(WRITTEN_DOWN, felt, now=1_000))
    assert WAVEFORM not in heard.types(1_500)
    heard.say(CONFIGURE, 0, configure(4, ENABLED, 0))
    blocks = [block(payload) for type, _, payload in heard.turn(2_000, 2_600, 3_000) if type == WAVEFORM]
    assert asked == [2_000, 2_250, 2_500, 2_750]
    assert blocks == [Block(at, 4, 100, 12, (2_047,) * 25) for at in asked]  # cut at the rail
    long_after = [(number, payload) for type, number, payload in heard.turn(63_000) if type == WAVEFORM]
    assert len(long_after) == 40  # what was never sampled is lost, and its numbers say so
    assert long_after[-1][0] == (63_000 - 2_000) // 250 - 1
    assert unpack_from("<I", long_after[-1][1]) == (62_750,)


@settings(max_examples=50)
@given(st.lists(st.one_of(st.binary(max_size=200), st.sampled_from([one.frame for one in GOLDEN.values()]))))
def test_whatever_comes_over_the_line_the_board_goes_on(noise: list[bytes]) -> None:
    heard = Heard(Board(WRITTEN_DOWN, now=0))
    for nth, data in enumerate(noise):
        heard.board.receive(data)
        heard.turn(nth * 100)
    heard.board.receive(b"\0" + encode(pack(ASK_HELLO, 0)))
    assert HELLO in heard.types(100_000)


def test_the_hub_hears_everything_of_the_simulated_board_in_order_and_at_its_time() -> None:
    board, ends = Board(NANO), Ends()
    deframer, told = Deframer(), []
    for now in range(0, 60_000, 5):
        if now >= 5_000 and now % 700 == 0:
            board.level(DOOR, now // 700 % 2 == 0, now)
        for body in deframer.feed(board.turn(now)):
            told += [one for one in ends.hear(EPOCH + now, body)[0] if one.quantity == "door"]
            board.receive(b"".join(encode(said) for said in ends.board.answer(Instant(EPOCH + now))))
    happened = range(5_600, 60_000 - 20, 700)
    assert [(one.at - EPOCH, one.value) for one in told] == [(now, int(now // 700 % 2 == 0)) for now in happened]


# -- what is wired to it ---------------------------------------------------------------------------------------


def test_who_lies_down_is_felt_until_they_get_up() -> None:
    felt = bed_of([(Instant(10_000), Instant(20_000))])
    before, within, after = (sum(felt(Instant(at), 25, 100)) / 25 for at in (9_000, 15_000, 21_000))
    assert within > before + 500
    assert within > after + 500


@pytest.mark.parametrize("order", ["", "door0", "door0 2", "door9 1", "1 door0", "door0 1 1"])
def test_an_order_that_names_no_wire_is_refused_in_words(order: str) -> None:
    with pytest.raises(BadOrder, match="an order is one of motion0, door0"):
        Wires().obey(order, 0)
