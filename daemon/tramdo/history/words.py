"""The words of the history in Vietnamese and English, from `words.toml` beside this file."""

import tomllib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("vi", "en")


class Words:
    """The words of one language; raises KeyError for a word that no file gives."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __call__(self, name: str, **facts: Any) -> str:
        """Return a word or a sentence with its facts filled in."""
        return self._words[name].format(**{key: printable(one) for key, one in facts.items()})

    def of(self, state: str) -> str:
        """Return the word for a recorded state, or the state where a newer version wrote it."""
        return self._words.get(state, state)


def printable(fact: object) -> str:
    """Return a fact as text that cannot steer a terminal, whoever typed it in."""
    return "".join(one if one.isprintable() else " " for one in str(fact))


@cache
def words(language: str) -> Words:
    """Return the words of a language; raises ValueError for one that there is not."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r}; allowed: {', '.join(LANGUAGES)}")
    text = files("tramdo.history").joinpath("words.toml").read_text("utf-8")
    return Words(tomllib.loads(text)[language])


def minute(at: datetime, zone: tzinfo | None) -> str:
    """Return date and time in a zone; None is this computer's."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def day(at: datetime, zone: tzinfo | None) -> str:
    """Return the date in a zone; None is this computer's."""
    return f"{at.astimezone(zone):%Y-%m-%d}"


def zone_name(at: datetime, zone: tzinfo | None) -> str:
    """Return how far a zone is from UTC at an instant, such as UTC+07:00."""
    offset = f"{at.astimezone(zone):%z}"
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:]}"
