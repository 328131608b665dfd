"""``make contract``: writes into docs/ what the code says of the line between a hub and its centre, and of a day."""

from pathlib import Path

from agent.summary.schema import document
from agent.transport.schema import documents

DOCS = Path(__file__).parent.parent / "docs"

if __name__ == "__main__":
    for name, text in (documents() | document()).items():
        (DOCS / name).write_text(text)
        print(f"written to docs/{name}")
