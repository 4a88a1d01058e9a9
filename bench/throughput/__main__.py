"""The same work by `tramdo run` and by a loop in C, in one run. Prints Markdown.

    .venv/bin/python bench/throughput                    two rounds, about 3 minutes
    .venv/bin/python bench/throughput --rounds 5
    .venv/bin/python bench/throughput --only tramdo --seconds 60

50 Modbus/TCP units × 8 registers × 10 Hz, each reading published to mosquitto with QoS 1. Needs
gcc, mosquitto, libmodbus-dev, libmosquitto-dev, libsqlite3-dev.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import subjects
from costs import Cost
from subjects import Place
from table import Result, print_goals, print_table
from watching import Watcher, ages, missing, percentile

UNITS = 50
SETTLE = 3.0  # s after the first reading, not measured
LAST_WORDS = 2.0  # s in which what was polled at the end may still arrive or be acknowledged
PATIENCE = 30.0


def options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(prog="bench/throughput", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=2, help="each program so often, in turn")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured each time")
    parser.add_argument("--only", nargs="+", default=["C", "C+outbox", "tramdo"])
    parser.add_argument("--commit-every", type=float, default=0.01, help="s, journal setting")
    parser.add_argument("--ack", choices=["broker", "central"], default="broker", help="by whom")
    parser.add_argument("--programs", type=Path, default=Path(sys.executable).parent)
    return parser.parse_args()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a program for the time of the block; its log is thrown away."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def first_line(process: "subprocess.Popen[str]") -> str:
    """Return the first line that a program prints."""
    return process.stdout.readline() if process.stdout else ""


def wait_for_port(port: int) -> None:
    """Wait until somebody listens; raises `TimeoutError`."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on {port}")


def measure(name: str, command: list[str], watcher: Watcher, asked: argparse.Namespace) -> Result:
    """Run one program and return what it cost in the measured seconds."""
    watcher.begin()
    started = time.monotonic()
    with running(command) as process:
        if not watcher.first.wait(PATIENCE):
            raise TimeoutError(f"{name}: no reading in {PATIENCE:g} s")
        first = watcher.readings()[0][0] - started
        time.sleep(SETTLE)
        begin, before = time.monotonic(), Cost.of(process.pid)
        time.sleep(asked.seconds)
        end, after = time.monotonic(), Cost.of(process.pid)
        time.sleep(LAST_WORDS)
        readings = watcher.readings()
    counted = sum(begin < one[0] <= end for one in readings)
    age = ages(readings, begin)
    return Result(
        name=name,
        rate=counted / (end - begin),
        cpu=1000 * (after.cpu - before.cpu) / counted,
        rss=after.rss,
        p50=percentile(age, 50),
        p99=percentile(age, 99),
        first=first,
        written=(after.written - before.written) / counted,
        missing=missing(readings),
        waits=watcher.waits() if asked.ack == "central" else 0,
    )


def commands(asked: argparse.Namespace, binary: Path, place: Place) -> dict[str, list[str]]:
    """Return the command of each program that can be measured."""
    return {
        "C": subjects.loop(binary, place, durable=False),
        "C+outbox": subjects.loop(binary, place, durable=True),
        "tramdo": subjects.tramdo(
            str(asked.programs / "tramdo"),
            place,
            live=free_port(),
            commit=asked.commit_every,
            promise=asked.ack,
        ),
    }


def rounds(asked: argparse.Namespace, stack: ExitStack) -> Iterator[Result]:
    """Yield the result of each program, round after round, each in a fresh folder."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tramdo-bench-")))
    port = free_port()
    stack.enter_context(running(subjects.broker(folder, port)))
    server = stack.enter_context(running(subjects.units(UNITS)))
    units = [int(one) for one in first_line(server).split()]
    wait_for_port(port)
    if asked.ack == "central":
        program = str(asked.programs / "tramdo-central")
        stack.enter_context(running(subjects.central(program, folder, port)))
    watcher = Watcher(port)
    stack.callback(watcher.close)
    binary = subjects.compiled(folder)
    for turn in range(asked.rounds):
        for name in asked.only:
            own = folder / f"{name.lower().replace('+', '-')}-{turn}"
            own.mkdir()
            place = Place(folder=own, broker=port, units=units)
            yield measure(name, commands(asked, binary, place)[name], watcher, asked)


def main() -> None:
    """Measure and print."""
    asked = options()
    results: dict[str, list[Result]] = {}
    with ExitStack() as stack:
        for one in rounds(asked, stack):
            results.setdefault(one.name, []).append(one)
    print(f"{Path(sys.executable).resolve()}, acknowledged by the {asked.ack}\n")
    print_table(results)
    print_goals(results)


if __name__ == "__main__":
    main()
