"""The student as ONNX, with golden vectors: what it must answer, in whole numbers, on every machine.

Input ``features`` float32 (rows, FEATURES), output ``logits`` float32 (rows, BINS). The reader rounds a logit to
1/LOGIT_UNIT before anything depends on it.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from training.bins import BINS, EDGES_MS
from training.features import names
from training.train import FAR, Student

OPSET: Final = 17
LOGIT_UNIT: Final = 64  # a hazard to 1.6 %; coarse enough that two machines agree but for ties
GOLDEN: Final = 64


def export(student: Student, path: Path) -> str:
    """Writes the model; its SHA-256."""
    tensors = {"mean": student.mean, "scale": student.scale, "far": np.float32(FAR), "near": np.float32(-FAR)}
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "near", "far"], ["layer_0"]),
    ]
    last = len(student.layers) - 1
    for number, (weight, bias) in enumerate(student.layers):
        tensors[f"weight_{number}"], tensors[f"bias_{number}"] = weight, bias
        out = "logits" if number == last else f"sum_{number}"
        nodes.append(helper.make_node("Gemm", [f"layer_{number}", f"weight_{number}", f"bias_{number}"], [out]))
        if number != last:
            nodes.append(helper.make_node("Relu", [out], [f"layer_{number + 1}"]))
    graph = helper.make_graph(
        nodes, "fall",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", len(names())])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["rows", BINS])],
        [numpy_helper.from_array(np.asarray(value, dtype=np.float32), name) for name, value in tensors.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="hearthwatch")
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(model: onnxruntime.InferenceSession, x: np.ndarray) -> np.ndarray:
    """Whole logits, in 1/LOGIT_UNIT."""
    return np.rint(model.run(None, {"features": x.astype(np.float32)})[0] * LOGIT_UNIT).astype(int)


def golden(path: Path, x: np.ndarray, digest: str, to: Path) -> None:
    """``GOLDEN`` rows of features and the whole logits that the model answers."""
    model = session(path)
    rows = [{"features": row.tolist(), "logits": run(model, row[None])[0].tolist()} for row in x]
    to.write_text(json.dumps({"digest": digest, "logit_unit": LOGIT_UNIT, "names": names(), "edges_ms": list(EDGES_MS),
                              "rows": rows}, separators=(",", ":")) + "\n")  # fmt: skip
