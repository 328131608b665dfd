"""The anomaly model as ONNX, with golden vectors: what it must answer, in whole numbers, on every machine.

Input ``features`` float32 (rows, 2 N + 1): whole numbers as surprise.row gives them. Output ``bits`` float32 (rows, 1).
"""

import hashlib
import json
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from agent.detect.day_features import FEATURES
from agent.detect.detector import OUTPUT_UNIT
from agent.detect.onnx_io import OnnxModel
from training.anomaly_net import LOGIT_WEIGHT, N, Net, bends, scaling, sides

OPSET: Final = 17
GOLDEN: Final = 64


def export(net: Net, path: Path) -> str:
    """Writes the model; its SHA-256."""
    tensors = _tensors(net)
    steps = [
        ("Mul", ["features", "scaling"], "scaled"),
        ("Gemm", ["scaled", "weight_0", "bias_0"], "hidden"),
        ("Relu", ["hidden"], "active"),
        ("Gemm", ["active", "weight_1", "bias_1"], "logit"),
        ("MatMul", ["features", "sides"], "parts"),
        ("Relu", ["parts"], "positive"),
        ("Mul", ["positive", "positive"], "squares"),
        ("MatMul", ["squares", "ones"], "square"),
        ("MatMul", ["features", "known"], "counted"),
        ("Max", ["counted", "one"], "count"),
        ("Div", ["square", "count"], "mean_square"),
        ("Sqrt", ["mean_square"], "distance"),
        ("Add", ["logit", "distance"], "sum"),
        ("MatMul", ["features", "is_drift"], "drift"),
        ("Sub", ["one", "drift"], "day"),
    ]
    for kind in ("day", "drift"):
        steps += [
            ("Sub", ["sum", f"knots_{kind}"], f"over_{kind}"),
            ("Relu", [f"over_{kind}"], f"beyond_{kind}"),
            ("MatMul", [f"beyond_{kind}", f"bends_{kind}"], f"bits_{kind}"),
            ("Mul", [f"bits_{kind}", kind], f"told_{kind}"),
        ]
    steps.append(("Add", ["told_day", "told_drift"], "bits"))
    graph = helper.make_graph(
        [helper.make_node(what, inputs, [output]) for what, inputs, output in steps],
        "anomaly",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 2 * N + 1])],
        [helper.make_tensor_value_info("bits", TensorProto.FLOAT, ["rows", 1])],
        [numpy_helper.from_array(np.asarray(value, dtype=np.float32), name) for name, value in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="hearthwatch")
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tensors(net: Net) -> dict[str, np.ndarray]:
    known, is_drift = np.zeros((2 * N + 1, 1)), np.zeros((2 * N + 1, 1))
    known[N : 2 * N], is_drift[-1] = 1, 1
    tensors = {
        "scaling": scaling(), "weight_0": net.weights[0], "bias_0": net.biases[0],
        "weight_1": LOGIT_WEIGHT * net.weights[1], "bias_1": LOGIT_WEIGHT * net.biases[1], "sides": sides(),
        "ones": np.ones((2 * N, 1)), "known": known, "one": np.ones((1, 1)), "is_drift": is_drift,
    }  # fmt: skip
    for kind, knots in zip(("day", "drift"), net.knots, strict=True):
        tensors[f"knots_{kind}"], tensors[f"bends_{kind}"] = knots[:-1], bends(knots)[:, None]
    return tensors


def golden(path: Path, rows: np.ndarray, to: Path) -> None:
    """``GOLDEN`` rows of features and the whole bits that the model answers, in 1/OUTPUT_UNIT."""
    model = OnnxModel(path.read_bytes())
    said = [{"features": list(map(int, row)), "bits": model.run(list(map(int, row)))[0]} for row in rows]
    head = {"digest": model.digest, "output_unit": OUTPUT_UNIT, "names": list(FEATURES)}
    to.write_text(json.dumps({**head, "rows": said}, separators=(",", ":")) + "\n")
