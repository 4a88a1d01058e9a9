"""A guided check as text for a terminal. No I/O."""

from decimal import Decimal
from typing import Any

from tramdo.conformity import plain

SIGNS = {
    "within": "✔",
    "pass": "✔",
    "conditional_pass": "✔?",
    "conditional_fail": "✖?",
    "exceeds": "✖",
    "fail": "✖",
    "undecided": "?",
}


def taken(answer: dict[str, Any]) -> str:
    """Return what a step was answered with by the instrument, as it was recorded."""
    return f"  ✔ {answer['value']} {answer['unit']}"


def prompt(running: dict[str, Any]) -> str:
    """Return what the step under way asks for, with its number and what is allowed."""
    step = running["step"]
    lines = [f"[{running['done'] + 1}/{running['of']}] {step['text']}"]
    if step["allowed"] is not None:
        skip = "; empty: skip" if step["optional"] else ""
        lines.append(f"  {step['unit']}, {step['allowed']}{skip}")
    return "\n".join(lines)


def closing(last: dict[str, Any]) -> str:
    """Return how a run ended: each finding with its verdict, and the uncertainty budgets."""
    if last["how"] != "finished":
        return f"{last['run']}: {last['how']}: {last['why']}; nothing of it counts"
    lines = [f"{last['run']}: finished"]
    for one in last["findings"]:
        lines += _finding(one)
    # Budgets of ten points scroll away on a small screen: what was found stands last.
    if len(last["findings"]) > 1:
        lines += ["", *(_verdict(one) for one in last["findings"])]
    return "\n".join(lines)


def _verdict(one: dict[str, Any]) -> str:
    return f"{SIGNS[one['conformity']]} {one['point']}: {one['conformity'].replace('_', ' ')}"


def _finding(one: dict[str, Any]) -> list[str]:
    lines = [_verdict(one), f"    {one['why']}"]
    lines += [
        f"    {line['factor']} x MPE = {plain(Decimal(line['limit']))} {one['unit']}: "
        f"{'within' if line['within'] else 'beyond'}"
        for line in one["lines"]
    ]
    lines += [f"    {name}: {value}" for name, value in one["conditions"].items()]
    return lines + [f"    {line}" for line in one.get("table", ())]
