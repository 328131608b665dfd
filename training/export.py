"""The student as ONNX, with golden vectors: what it must answer, in whole numbers, on every machine.

Input ``features`` float32 (rows, FEATURES), output ``logits`` float32 (rows, BINS), which the reader rounds to
1/OUTPUT_UNIT before anything depends on it.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from agent.detect.bins import BINS, EDGES_MS
from agent.detect.detector import OUTPUT_UNIT
from agent.detect.features import names
from agent.detect.onnx_io import OnnxModel
from training.train import FAR, Student

OPSET: Final = 17
GOLDEN: Final = 64


def export(student: Student, path: Path) -> OnnxModel:
    """Writes the model, and takes it back as an agent does."""
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
    return OnnxModel(path.read_bytes())


def golden(model: OnnxModel, x: np.ndarray, to: Path) -> None:
    """``GOLDEN`` rows of features and the whole logits that the model answers."""
    rows = [{"features": row, "logits": model.run(row)} for row in x.tolist()]
    said = {"digest": model.digest, "output_unit": OUTPUT_UNIT, "names": names(), "edges_ms": list(EDGES_MS)}
    to.write_text(json.dumps(said | {"rows": rows}, separators=(",", ":")) + "\n")
