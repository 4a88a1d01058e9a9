"""Does drift alert before it matters, and only then? Prints Markdown.

    .venv/bin/python bench/drift.py            all of it, some minutes
    .venv/bin/python bench/drift.py --runs 10  a tenth of it
    .venv/bin/python bench/drift.py --noise 0.3

Simulated scales live through weekly checks with the station's own checks and charts
(`tramdo_simulators.fast_forward`). Noise is that of one reading of a good scale in use, and each
scale begins with an error of its own. Months have 30 days. Equal seeds give equal figures.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from tramdo import stationfile
from tramdo.drift.settings import ChartSettings, stated_arl
from tramdo.stationfile import Loaded
from tramdo_simulators.fast_forward import BEGIN, Outcome, live
from tramdo_simulators.peers import MONTH_DAYS, Ageing

STATION = """
[station]
id = "bench"
place = "bench"
[[port]]
name = "line"
kind = "tcp"
host = "127.0.0.1"
tcp_port = 9
[[instrument]]
id = "scale"
driver = "mt-sics"
port = "line"
kind = "scale"
unit = "kg"
accuracy_class = "II"
max = 200
e = 0.01
d = {d}
rules = "oiml-r76-2006"
[[reference]]
id = "weight"
kind = "weight"
nominal = {load}
value = {load}
unit = "kg"
expanded_uncertainty = 0.0005
certificate = "bench"
valid_until = 2099-12-31
[[check]]
id = "span"
instrument = "scale"
how = "span"
reference = "weight"
window = 0.5
readings = 2
"""
LOADS = {1: 50, 2: 100}  # MPE in service in e, and a load in kg at which R 76 gives it
RESOLUTIONS = {"e": "0.01", "e/10": "0.001"}
DRIFT = 0.1  # e a month
NOISE = 0.15  # e
OFFSET = 0.3  # e: the errors at the start lie between minus and plus this
WEEKS = 104
YEARS = 5  # of one life without drift
ALARMS = ("out_of_control", "crossing_ahead", "near_mpe")


@dataclass(frozen=True)
class Run:
    """One simulated life; `crossing` is when its true error reaches the MPE, to the second."""

    outcome: Outcome
    crossing: datetime

    @property
    def alert(self) -> datetime | None:
        """When the first alert of drift came."""
        return self.outcome.first(*ALARMS)

    @property
    def lead(self) -> float | None:
        """Weeks from the first alert to the crossing; negative: too late."""
        return (self.crossing - self.alert) / timedelta(weeks=1) if self.alert else None

    @property
    def foretold(self) -> list[dict[str, Any]]:
        """The dates of each check before the crossing that gave any."""
        before = (one for one in self.outcome.done if one.record.at < self.crossing)
        return [dict(dates) for one in before if (dates := one.record.dates)]


def station(folder: Path, load: int, d: str) -> Loaded:
    """Return the station with one scale that is checked with one weight."""
    file = folder / "station.toml"
    file.write_text(STATION.format(load=load, d=d))
    return stationfile.read(file)


def drifting(loaded: Loaded, mpe: int, seed: int, noise: float) -> Run:
    """Return one life with drift."""
    offset = Random(seed).uniform(-OFFSET, OFFSET)
    ageing = Ageing(drift=DRIFT, noise=noise, offset=offset, seed=seed)
    outcome = live(loaded, "scale", ageing, weeks=WEEKS, wire=False)
    days = (mpe - offset) / DRIFT * MONTH_DAYS
    return Run(outcome, BEGIN + timedelta(days=days))


def steady(loaded: Loaded, seed: int, noise: float) -> Outcome:
    """Return one life without drift."""
    offset = Random(seed).uniform(-OFFSET, OFFSET)
    ageing = Ageing(noise=noise, offset=offset, seed=seed)
    return live(loaded, "scale", ageing, weeks=52 * YEARS, wire=False)


def share(part: int, whole: int) -> str:
    """Return a share in per cent, with the numbers behind it."""
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "none"


def row(*cells: object) -> None:
    """Print one row of a table."""
    print("|", " | ".join(map(str, cells)), "|")


def heading(*cells: str) -> None:
    """Print the head of a table."""
    row(*cells)
    row(*("---" for _ in cells))


def held(dates: dict[str, Any], crossing: datetime) -> bool:
    """Return whether the crossing lies between the early date and the late one."""
    early, late = dates["act_by"], dates["latest"]
    in_time = early is not None and datetime.fromisoformat(early) <= crossing
    return in_time and (late is None or crossing <= datetime.fromisoformat(late))


def alerts_table(runs: dict[tuple[int, str], list[Run]], noise: float) -> None:
    """Print (a): whether an alert comes before the true error reaches the MPE."""
    print(f"\n### Span drift of {DRIFT} e a month, weekly checks, noise {noise} e\n")
    heading("MPE", "d", "alert before the true error reaches the MPE", "lead, weeks: least, median")
    for (mpe, d), found in runs.items():
        leads = [one.lead for one in found if one.lead is not None]
        early = sum(lead > 0 for lead in leads)
        weeks = f"{min(leads):.1f}, {median(leads):.1f}" if leads else "none"
        row(f"{mpe} e", d, share(early, len(found)), weeks)


def dates_table(runs: dict[tuple[int, str], list[Run]]) -> None:
    """Print (c): whether the three dates hold the true crossing."""
    print("\n### Dates foretold before the crossing\n")
    heading("MPE", "d", "forecasts", "hold the crossing", "act-by not after it", "off by, weeks")
    for (mpe, d), found in runs.items():
        made = [(dates, run.crossing) for run in found for dates in run.foretold]
        inside = sum(held(dates, crossing) for dates, crossing in made)
        row(f"{mpe} e", d, len(made), share(inside, len(made)), in_time(made), median_off(made))


def in_time(made: Sequence[tuple[dict[str, Any], datetime]]) -> str:
    """Return how many act-by dates are not after the crossing."""
    early = sum(
        dates["act_by"] is not None and datetime.fromisoformat(dates["act_by"]) <= crossing
        for dates, crossing in made
    )
    return share(early, len(made))


def median_off(made: Sequence[tuple[dict[str, Any], datetime]]) -> str:
    """Return the median distance between expected date and crossing, in weeks."""
    off = [
        abs(datetime.fromisoformat(dates["expected"]) - crossing) / timedelta(weeks=1)
        for dates, crossing in made
        if dates["expected"]
    ]
    return f"{median(off):.1f}" if off else "none"


def alarms(outcome: Outcome) -> int:
    """Return how often the chart went out of control."""
    controls = [str(one.record.verdict.control) for one in outcome.done]
    pairs = zip(["learning", *controls], controls, strict=False)
    return sum(now == ALARMS[0] != before for before, now in pairs)


def false_alarms_table(folder: Path, lives: int, noise: float) -> None:
    """Print (b): how often there is an alarm without drift."""
    settings = ChartSettings()
    stated = stated_arl(settings)
    print(f"\n### No drift: {lives} lives of {YEARS} years, noise {noise} e\n")
    heading("d", "checks after learning", "alarms", "checks between", "stated", "other alerts")
    for name, d in RESOLUTIONS.items():
        loaded = station(folder, LOADS[1], d)
        outcomes = [steady(loaded, seed, noise) for seed in range(lives)]
        checks = sum(len(one.done) - settings.learn for one in outcomes)
        count = sum(map(alarms, outcomes))
        foretold = sum(done.alert in ALARMS[1:] for one in outcomes for done in one.done)
        row(
            name,
            checks,
            count,
            f"{checks / count:.0f}" if count else "-",
            f"{stated:.0f}",
            foretold,
        )


def lived(folder: Path, runs: int, noise: float) -> Iterator[tuple[tuple[int, str], list[Run]]]:
    """Yield the drifting lives of each case."""
    for mpe, load in LOADS.items():
        for name, d in RESOLUTIONS.items():
            loaded = station(folder, load, d)
            found = [drifting(loaded, mpe, seed, noise) for seed in range(runs)]
            wrong = {one.record.mpe for run in found for one in run.outcome.done}
            if {float(one) for one in wrong if one} != {mpe * 0.01}:
                raise ValueError(f"{load} kg: MPE {wrong}; this bench is about {mpe} e")
            yield (mpe, name), found


def main() -> None:
    """Print the three tables."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--runs", type=int, default=100, help="lives with drift in each case")
    asked.add_argument("--noise", type=float, default=NOISE, help="of one reading, in e")
    words = asked.parse_args()
    runs, noise = words.runs, words.noise
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = dict(lived(Path(folder), runs, noise))
        alerts_table(found, noise)
        false_alarms_table(Path(folder), 2 * runs, noise)
        dates_table(found)
    print(f"\n{runs} runs; {time.perf_counter() - begun:.0f} s.")


if __name__ == "__main__":
    main()
