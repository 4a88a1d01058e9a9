"""`tramdo check-instrument`: a guided check; `tramdo adjusted`: an adjustment is noted."""

import sys
import time
from typing import Annotated, Any

import typer

from tramdo.cli.exits import FAILED, NOT_RUNNING, leave
from tramdo.live import client
from tramdo.live.guided import closing, prompt, taken

At = Annotated[str, typer.Option("--at", help="Address of the running daemon.")]
DEFAULT = "127.0.0.1:8085"
LOOK_EVERY = 0.2

_Operator = Annotated[str, typer.Option("--operator", "-o", help="Who makes the check.")]
_Check = Annotated[
    str | None, typer.Option("--check", help="Which guided check, where there are several.")
]
_Answers = Annotated[
    list[str] | None,
    typer.Option(
        "--answer", metavar="STEP=VALUE", help="Answer for a step, such as can_temperature=31.0."
    ),
]


def check_instrument(  # noqa: PLR0913 - its parameters are the command's options
    instrument: Annotated[str, typer.Argument(help="Instrument id.")],
    *,
    operator: _Operator = "",
    check: _Check = None,
    answer: _Answers = None,
    close: Annotated[str | None, typer.Option("--close", metavar="WHY", help="Give it up.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Repeat the group of steps under way.")
    ] = False,
    at: At = DEFAULT,
) -> None:
    """Guide a check of an instrument step by step. Ctrl-C leaves it to be taken up again."""
    given, done = _given(answer or []), 0
    try:
        name = _chosen(at, instrument, check)
        if close is not None:
            _say(at, name, do="close", value=close)
            return
        if (running := client.check(at, name)["running"]) is not None:
            done, whole = running["done"], running["of"]
            who = f"{running['run']}, begun by {running['operator']}"
            typer.echo(f"going on with {who}; {done} of {whole} steps are recorded")
            done = _back(at, name, running) if again else done
        else:
            _say(at, name, do="begin", operator=operator or _who())
        _guide(at, name, given, done)
    except client.NotRunning as error:
        leave(str(error), NOT_RUNNING)
    except KeyboardInterrupt:
        typer.echo(f"\nleft; go on with: tramdo check-instrument {instrument}", err=True)
        raise typer.Exit(FAILED) from None


def _back(at: str, name: str, running: dict[str, Any]) -> int:
    """Take the run back to the beginning of its group; return how many steps are not to be told."""
    _say(at, name, do="repeat", step=running["step"]["key"])
    typer.echo("back to the beginning of this group of steps")
    return 0


def _given(answers: list[str]) -> dict[str, str]:
    for one in answers:
        if "=" not in one:
            raise typer.BadParameter(f"--answer: {one!r} is not STEP=VALUE, as can_temperature=31")
    return dict(one.split("=", 1) for one in answers)


def _chosen(at: str, instrument: str, check: str | None) -> str:
    found = [one["check"] for one in client.checks(at) if one["instrument"] == instrument]
    if not found:
        leave(f"{instrument}: the station file has no guided [[check]] for it", FAILED)
    if check is None and len(found) > 1:
        leave(f"{instrument} has {', '.join(found)}; say which with --check", FAILED)
    if check is not None and check not in found:
        leave(f"no guided check {check!r}; {instrument} has {', '.join(found)}", FAILED)
    return check or found[0]


def _who() -> str:
    return str(typer.prompt("Operator")) if sys.stdin.isatty() else ""


def _guide(at: str, name: str, given: dict[str, str], told: int) -> None:
    """Say each step and what the instrument answered it with; `told` answers are known already."""
    asked = ""
    while (picture := client.check(at, name))["running"] is not None:
        running = picture["running"]
        step, answers = running["step"], running["answers"]
        for one in answers[told:]:
            if one["by"] == "instrument":
                typer.echo(taken(one))
        if step["key"] != asked:
            asked = step["key"]
            typer.echo(prompt(running))
        told = len(answers)
        if step["want"] == "number" and not step["offered"]:
            _enter(at, name, step, given)
            asked = ""
        else:
            time.sleep(LOOK_EVERY)
    typer.echo(closing(picture["last"]))
    if picture["last"]["how"] != "finished":
        raise typer.Exit(FAILED)


def _enter(at: str, name: str, step: dict[str, Any], given: dict[str, str]) -> None:
    """Send a number from --answer (by the step's whole key or its last part), else ask for it."""
    key = step["key"]
    short = key.rsplit("/", 1)[-1]
    value = given.pop(key, None) or given.get(short)
    if value is None and not sys.stdin.isatty():
        leave(f"{name}: nobody here to answer {key}; allowed: --answer {short}=VALUE", FAILED)
    text = (
        value
        if value is not None
        else str(typer.prompt("  >", default="", show_default=False, prompt_suffix=" "))
    )
    skipped = not text.strip() and step["optional"]
    word = {"do": "skip"} if skipped else {"do": "enter", "value": text}
    status, told = client.say(at, name, word | {"step": key})
    if status >= 400:
        if value is not None:
            leave(f"{key}: {told['error']}", FAILED)
        typer.secho(f"  {told['error']}", fg="yellow", err=True)


def _say(at: str, name: str, **word: str) -> None:
    status, told = client.say(at, name, word)
    if status >= 400:
        leave(f"{name}: {told['error']}", FAILED)


def adjusted(  # noqa: PLR0913 - its parameters are the command's options
    instrument: Annotated[str, typer.Argument(help="Instrument id.")],
    *,
    by: Annotated[str, typer.Option(help="Who adjusted it.")],
    why: Annotated[str, typer.Option(help="Why.")] = "",
    seal_before: Annotated[str, typer.Option(help="Seal number before.")] = "",
    seal_after: Annotated[str, typer.Option(help="Seal number after.")] = "",
    at: At = DEFAULT,
) -> None:
    """Note that an instrument was adjusted: its charts begin anew."""
    facts = {"by": by, "why": why, "seal_before": seal_before, "seal_after": seal_after}
    try:
        status, told = client.adjusted(at, instrument, facts)
    except client.NotRunning as error:
        leave(str(error), NOT_RUNNING)
    if status >= 400:
        leave(f"{instrument}: {told['error']}", FAILED)
    typer.echo(f"{instrument}: adjustment recorded, its charts begin anew")
