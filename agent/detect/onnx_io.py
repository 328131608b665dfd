"""The one door to onnxruntime: a model file becomes a ``Model`` that answers in whole numbers.

CPU, one thread, no arena: one row at a time a few times a minute, in a process that shall stay small. How long an
answer took is measured here; a model that is slow is told to whoever asked to be told, and its answers still count,
because what is said must not depend on a stopwatch (the hub makes an entry of it: trust.py).

It costs the process some 41 MiB resident: numpy 11, the library of onnxruntime 20, the first session 10, a second next
to nothing. 26 of them are pages of those files, which the kernel takes back when it needs them. What was measured and
saves less than 1: the C module alone, the ORT format, no optimisation or prepacking, lazy binding, one malloc arena,
malloc_trim, no collector, one thread for OpenBLAS.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from time import thread_time
from typing import Any, Final

import numpy as np
import onnxruntime

from agent.detect.detector import OUTPUT_UNIT, ModelFault

SLOW_S: Final = 0.1  # a hundred times what it takes on a Pi
SLOW_IN_A_ROW: Final = 3  # one long answer is a busy hub
MODEL_MOST_BYTES: Final = 1 << 20  # ours have some 40 kB; a larger file is none of them


class OnnxModel:
    """A session over one model file with one input and one output. ``tell_slow`` is told why, at each
    answer that is slow like the two before it. Counted is time of this thread, not what a busy hub or its disk took."""

    def __init__(self, data: bytes, tell_slow: Callable[[str], None] = lambda why: None) -> None:
        self.digest = hashlib.sha256(data).hexdigest()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = options.enable_mem_pattern = False
        options.log_severity_level = 4
        # Two layers leave nothing to gain, and the same nodes in the same order are the same sums on every machine.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as fault:  # onnxruntime raises classes of its own for each thing that may be wrong
            raise ModelFault(f"onnxruntime refuses it: {str(fault).splitlines()[0]}") from None
        self._input = self._session.get_inputs()[0].name
        self._tell_slow = tell_slow
        self._slow = 0

    def run(self, features: Sequence[int]) -> list[int]:
        return self.run_many([features])[0]

    def run_many(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Several rows at once; the same whole numbers as one at a time but for ties of rounding."""
        began = thread_time()
        try:
            raw: Any = self._session.run(None, {self._input: np.asarray(rows, dtype=np.float32)})[0]
        except Exception as fault:  # as above
            raise ModelFault(f"it cannot be run: {str(fault).splitlines()[0]}") from None
        if raw.ndim != 2 or len(raw) != len(rows) or not np.isfinite(raw).all():
            raise ModelFault("its answer is not a number, or not one row of them for each it was asked")
        self._time(thread_time() - began)
        whole: list[list[int]] = np.rint(np.clip(raw, -1e6, 1e6) * OUTPUT_UNIT).astype(int).tolist()
        return whole

    def _time(self, took_s: float) -> None:
        self._slow = self._slow + 1 if took_s > SLOW_S else 0
        if self._slow >= SLOW_IN_A_ROW:
            self._tell_slow(f"{SLOW_IN_A_ROW} answers in a row took more than {round(SLOW_S * 1_000)} ms")


def load(path: Path, digest: str, tell_slow: Callable[[str], None] = lambda why: None) -> OnnxModel:
    """The model in ``path``, if it is the one of that digest; ModelFault otherwise, with the reason."""
    try:
        with path.open("rb") as file:
            data = file.read(MODEL_MOST_BYTES + 1)
    except OSError as fault:
        raise ModelFault(f"{path.name} cannot be read: {fault.strerror}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise ModelFault(f"{path.name} is not the file that the manifest names")
    return OnnxModel(data, tell_slow)
