"""`tramdo simulate`: one simulated instrument on a pseudo-terminal or a TCP port."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from tramdo_simulators.banks import coriolis, laumas, pulse_counter
from tramdo_simulators.clock import Clock
from tramdo_simulators.dispenser import Dispenser, MeterSettings
from tramdo_simulators.faults import NAMED
from tramdo_simulators.line import LineSettings, Peer, Pty, TcpPort
from tramdo_simulators.modbus import Bank, Modbus, Rtu, Tcp, Unit
from tramdo_simulators.protocols import PROTOCOLS
from tramdo_simulators.scale import DAY, Scale, ScaleSettings
from tramdo_simulators.scale_banks import SCALE_BANKS
from tramdo_simulators.script import Fill, Fillings, Step, Weighings
from tramdo_simulators.simulated import Simulated

MODBUS = "modbus"
SPOKEN = (*PROTOCOLS, MODBUS)


def _of_scale(bank: Callable[[Scale], Bank]) -> Callable[[Scale, Dispenser], Bank]:
    return lambda scale, _: bank(scale)


BANKS: dict[str, Callable[[Scale, Dispenser], Bank]] = {
    "laumas": lambda scale, _: laumas(scale),
    "pulse-counter": lambda _, dispenser: pulse_counter(dispenser),
    "coriolis": lambda _, dispenser: coriolis(dispenser),
    **{name: _of_scale(bank) for name, bank in SCALE_BANKS.items()},
}


def _among(allowed: Iterable[str]) -> Callable[[str], str]:
    """Return a parser that takes these words only."""
    words = tuple(allowed)

    def one(text: str) -> str:
        if text not in words:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(words)}")
        return text

    return one


def _mass(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or value <= 0:
        raise typer.BadParameter(f"{text!r} is no number above 0")
    return value


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise typer.BadParameter(f"--tcp: {text!r} is not host:port, such as 127.0.0.1:5020")
    return host.strip("[]"), int(port)


def _word(allowed: Iterable[str], what: str) -> typer.models.OptionInfo:
    words = tuple(allowed)
    parser = _among(words)
    option: typer.models.OptionInfo = typer.Option(
        parser=parser, metavar="WORD", help=f"{what} {', '.join(words)}."
    )
    return option


_Speaks = Annotated[
    str, typer.Argument(parser=_among(SPOKEN), metavar="PROTOCOL", help=", ".join(SPOKEN))
]
_Pty = Annotated[Path | None, typer.Option(help="Serve a pseudo-terminal under this link.")]
_Tcp = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Serve this TCP port.")]
_Unit = Annotated[int, typer.Option(min=1, max=247, help="Modbus unit id.")]
_Bank = Annotated[str, _word(BANKS, "Whose Modbus registers:")]
_Dialect = Annotated[
    str, typer.Option(metavar="WORD", help="Whose way of speaking it; ? lists them.")
]
_Setting = Annotated[
    str | None,
    typer.Option("--line", help='Speak at this line setting only, such as "2400 7E1" (pty).'),
]
_Load = Annotated[float, typer.Option(help="Reference weight (kg) or proving can (L).")]
_Max = Annotated[Decimal, typer.Option("--max", parser=_mass, metavar="KG", help="Max.")]
_D = Annotated[Decimal, typer.Option("--d", parser=_mass, metavar="KG", help="Scale interval.")]
_Noise = Annotated[float, typer.Option(min=0, help="Noise of a scale, standard deviation in d.")]
_Span = Annotated[float, typer.Option(help="Drift of span or meter factor, % in 30 days.")]
_Zero = Annotated[float, typer.Option(help="Drift of a scale's zero, kg in 30 days.")]
_Days = Annotated[float | None, typer.Option(min=0, help="Days of drift (only) in a second.")]
_Speed = Annotated[float, typer.Option(min=0.001, help="Simulated seconds in a second.")]
_Baud = Annotated[int | None, typer.Option(min=50, help="Pace the bytes to this rate.")]
_Fault = Annotated[list[str] | None, _word(NAMED, "What is wrong with the line (repeatable):")]
_Seed = Annotated[int, typer.Option(help="Seed of noise, loads and faults.")]


def simulate(  # noqa: PLR0913 - its parameters are the command's options
    speaks: _Speaks,
    *,
    pty: _Pty = None,
    tcp: _Tcp = None,
    unit: _Unit = 1,
    bank: _Bank = "laumas",
    dialect: _Dialect = "",
    setting: _Setting = None,
    load: _Load = 20.0,
    maximum: _Max = Decimal(60),
    interval: _D = Decimal("0.01"),
    noise: _Noise = 0.0,
    span_drift: _Span = 0.0,
    zero_drift: _Zero = 0.0,
    days_per_second: _Days = None,
    speed: _Speed = 1.0,
    baud: _Baud = None,
    fault: _Fault = None,
    seed: _Seed = 0,
) -> None:
    """Simulate one instrument until Ctrl-C: real bytes on a pseudo-terminal or a TCP port.

    A scale is empty for 3 s, carries the reference weight for 5 s, then a customer's for 2 s.
    A dispenser fills the proving can about every 50 s.

    Try: tramdo simulate mt-sics --pty /tmp/scale1 --span-drift 0.1 --days-per-second 1
    """
    spoken = _spoken(speaks, dialect)
    settings = ScaleSettings(
        unit=spoken.unit if spoken else "kg",
        capacity=maximum,
        interval=interval,
        noise=noise * float(interval),
        span_drift=span_drift / 3000,
        zero_drift=zero_drift / 30,
        aging=1.0 if days_per_second is None else days_per_second * DAY / speed,
        seed=seed,
    )
    scale, dispenser = _scale(settings, load), _dispenser(settings, load)
    peer: Peer
    if spoken is None:
        peer = (Tcp if tcp else Rtu)(_units(unit, lambda: BANKS[bank](scale, dispenser)))
    else:
        peer = spoken.make(scale)
    carried = LineSettings(baud=baud, seed=seed, setting=setting)
    line = _line(peer, pty, tcp, carried)
    line.faults = [NAMED[name]() for name in fault or ()]
    asyncio.run(_serve(line, speed))


def _spoken(protocol: str, dialect: str) -> Simulated | None:
    """Return a dialect, None for Modbus, which has none."""
    if protocol == MODBUS:
        if dialect:
            raise typer.BadParameter(f"--dialect: {MODBUS} has none; --bank says whose registers")
        return None
    told = PROTOCOLS[protocol]
    if dialect and dialect not in told:
        raise typer.BadParameter(
            f"--dialect: {dialect!r} is not a way of speaking {protocol}; it has {', '.join(told)}"
        )
    return told[dialect or next(iter(told))]


def _units(unit: int, bank: Callable[[], Bank]) -> Modbus:
    try:
        return Modbus({unit: Unit(bank())})
    except ValueError as error:
        raise typer.BadParameter(f"--d: {error}") from error


def _scale(settings: ScaleSettings, load: float) -> Scale:
    greatest = float(settings.capacity)
    steps = (Step(3.0), Step(5.0, load), Step(2.0, greatest / 10, greatest))
    return Scale(settings, Weighings(steps=steps, seed=settings.seed))


def _dispenser(settings: ScaleSettings, load: float) -> Dispenser:
    meter = MeterSettings(drift=settings.span_drift, aging=settings.aging)
    return Dispenser(meter, Fillings(fills=(Fill(load),)))


def _line(peer: Peer, pty: Path | None, tcp: str | None, settings: LineSettings) -> Pty | TcpPort:
    if pty and tcp:
        raise typer.BadParameter("--pty and --tcp: give one of them, or none for a bare pty")
    if tcp and settings.setting:
        raise typer.BadParameter("--line: TCP has no line setting; give it with --pty")
    if tcp:
        return TcpPort(peer, _address(tcp), settings=settings)
    try:
        return Pty(peer, pty, settings=settings)
    except ValueError as error:
        raise typer.BadParameter(f"--line: {error}") from error


def _cause(error: OSError, line: Pty | TcpPort) -> str:
    if isinstance(line, TcpPort):
        return f"{line.host}:{line.port}: {error.strerror}"
    if isinstance(error, FileExistsError):
        return f"{line.link} is there and no link; it is left alone"
    return f"{line.link}: {error.strerror}"


async def _serve(line: Pty | TcpPort, speed: float) -> None:
    """Serve until SIGINT or SIGTERM; leave no link behind."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    line.clock = Clock(speed)
    try:
        async with line:
            where = line.path if isinstance(line, Pty) else f"{line.host}:{line.port}"
            typer.echo(f"serving at {where}; Ctrl-C ends it")
            await stop.wait()
    except OSError as error:
        raise typer.BadParameter(f"cannot serve: {_cause(error, line)}") from error
    typer.echo(f"ended; requests {line.witness.requests}, values {line.witness.values}")
