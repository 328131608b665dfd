"""Reads the catalogues of words that came with the program: words_XX.toml, XX the language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from agent.summary.words import Words

FOLDER: Final = Path(__file__).parent


def languages() -> list[str]:
    return sorted(file.stem.removeprefix("words_") for file in FOLDER.glob("words_*.toml"))


@cache
def words(language: str = "en", folder: Path = FOLDER) -> Words:
    """What a language's file does not say, English says; a sentence is taken whole, with all forms of its plural."""
    found = read(FOLDER / "words_en.toml")
    for key, value in read(folder / f"words_{language}.toml").items():
        known = found.get(key)
        found[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return Words(found)


def read(file: Path) -> dict[str, object]:
    return tomllib.loads(file.read_text(encoding="utf-8"))
