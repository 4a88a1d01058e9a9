"""A check standard as TOML text, ready to stand at the end of a station file. No I/O."""

import json
from datetime import date
from decimal import Decimal

from tramdo.standards.source import Imported


def written(imported: Imported) -> str:
    """Return a `[[reference]]` table below its remarks as comments, with an empty line before."""
    lines = [f"# {_line(remark)}" for remark in imported.remarks]
    lines.append("[[reference]]")
    for key, value in imported.reference:
        if value not in (None, ""):
            lines.append(f"{key} = {_value(value)}")
    return "\n" + "\n".join(lines) + "\n"


def _line(text: str) -> str:
    # A certificate is a stranger's text: no line break of its may end the comment.
    return "".join(one if one.isprintable() else " " for one in text)


def _value(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", r"\u007f")
