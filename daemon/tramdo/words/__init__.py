"""Sentences for people, Vietnamese first: TOML files beside this one."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tramdo.uncertainty.table import Language, printed

_FOLDER = Path(__file__).parent


@cache
def _sentences(topic: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((_FOLDER / f"{topic}.toml").read_text("utf-8"))


def sentence(topic: str, name: str, language: str, facts: Mapping[str, str]) -> str:
    """Return a sentence with its facts; raises KeyError for one that is not there."""
    return _sentences(topic)[name][language].format_map(facts)


def put_into_words(picture: dict[str, Any], language: str) -> dict[str, Any]:
    """Return the picture of a guided check with what its step asks for, as `text`.

    The findings of its last run get their uncertainty budgets as a `table`.
    """
    if picture["last"] is not None:
        findings = [_with_table(one, language) for one in picture["last"].get("findings", ())]
        picture = picture | {"last": picture["last"] | {"findings": findings}}
    running = picture["running"]
    if running is None or running["step"] is None:
        return picture
    step = running["step"]
    text = sentence("steps", step["says"], language, step["facts"])
    return picture | {"running": running | {"step": step | {"text": text}}}


def _with_table(finding: dict[str, Any], language: str) -> dict[str, Any]:
    budget = finding.get("budget")
    spoken: Language = "en" if language == "en" else "vi"
    return finding | {"table": printed(budget, spoken) if budget else []}
