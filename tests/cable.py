"""A line to a port of this machine that can be cut so that packets vanish and nobody is told, by nftables."""

import os
import shutil
import subprocess
from types import TracebackType
from typing import Final, Self

import pytest

NFT: Final = shutil.which("nft", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class Cable:
    """Whole when entered, and again when left."""

    def __init__(self, port: int) -> None:
        self.port, self._table = port, f"hearthwatch_{port}"

    def cut(self) -> None:
        """From now on no packet from or to the port arrives; connections stay as they are, half open."""
        self._nft(f"add chain inet {self._table} input {{ type filter hook input priority 0; }}")
        for end in ("dport", "sport"):
            self._nft(f"add rule inet {self._table} input iif lo tcp {end} {self.port} drop")

    def mend(self) -> None:
        self._nft(f"flush table inet {self._table}")

    def _nft(self, command: str) -> None:
        assert NFT is not None
        subprocess.run([NFT, command], check=True, capture_output=True, text=True)

    def __enter__(self) -> Self:
        if NFT is None:
            pytest.skip("nft is not here; install Debian's package nftables")
        try:
            self._nft(f"add table inet {self._table}")
        except subprocess.CalledProcessError as fault:
            pytest.skip(
                f"nft cannot cut a line here (it wants root and a kernel with nf_tables): {fault.stderr.strip()}"
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._nft(f"delete table inet {self._table}")
