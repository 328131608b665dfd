"""A small network as an ONNX file, written out by hand: two layers, the shape and size of the fall model."""

from collections.abc import Iterator, Sequence
from math import sin
from struct import pack
from typing import Final

INPUTS: Final = 56
WIDTH: Final = 128
OUTPUTS: Final = 23
OPSET: Final = 17
IR_VERSION: Final = 8
FLOAT: Final = 1


def two_layers() -> bytes:
    """``out = relu(in . first + shift) . second``, some 40 kB, with weights that are no round numbers."""
    nodes = [
        _node("MatMul", ("in", "first"), "raw"),
        _node("Add", ("raw", "shift"), "moved"),
        _node("Relu", ("moved",), "cut"),
        _node("MatMul", ("cut", "second"), "out"),
    ]
    weights = [
        _tensor("first", (INPUTS, WIDTH)),
        _tensor("shift", (WIDTH,)),
        _tensor("second", (WIDTH, OUTPUTS)),
    ]
    graph = b"".join(
        [_field(1, node) for node in nodes]
        + [_field(2, b"small")]
        + [_field(5, tensor) for tensor in weights]
        + [_field(11, _value("in", INPUTS)), _field(12, _value("out", OUTPUTS))]
    )
    return _number(1, IR_VERSION) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, OPSET))


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode()) + _field(4, kind.encode())


def _tensor(name: str, shape: tuple[int, ...]) -> bytes:
    count = 1
    for size in shape:
        count *= size
    numbers = pack(f"<{count}f", *(sin(12.9898 * place + len(name)) / 3 for place in range(count)))
    return (
        b"".join(_number(1, size) for size in shape) + _number(2, FLOAT) + _field(8, name.encode()) + _field(9, numbers)
    )


def _value(name: str, width: int) -> bytes:
    """A table of any number of rows."""
    shape = _field(1, _field(2, b"rows")) + _field(1, _number(1, width))
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, FLOAT) + _field(2, shape)))


def _field(tag: int, body: bytes) -> bytes:
    return bytes(_varint(tag << 3 | 2)) + bytes(_varint(len(body))) + body


def _number(tag: int, value: int) -> bytes:
    return bytes(_varint(tag << 3)) + bytes(_varint(value))


def _varint(value: int) -> Iterator[int]:
    while value > 127:
        yield value & 127 | 128
        value >>= 7
    yield value
