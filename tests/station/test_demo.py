"""The demonstration, and the station file that it shares with `config/`."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tramdo_simulators.demo import station_text

ROOT = Path(__file__).parents[2]


def test_the_demonstration_runs_on_the_station_file_that_config_ships() -> None:
    assert (ROOT / "config/station.simulated.toml").read_text() == station_text()


def test_within_a_minute_an_alert_is_published_and_nothing_is_left_behind() -> None:
    before = set(Path(tempfile.gettempdir()).glob("tramdo-*"))
    done = subprocess.run(
        [sys.executable, "-m", "tramdo", "demo", "--once", "--seconds", "75"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert re.search(r"alert/scale-a +ALERT (warning|out_of_control|crossing_ahead)", done.stdout)
    assert "alert/scale-b" not in done.stdout
    for instrument in ("scale-a", "scale-b", "hopper", "pump-1", "pump-2"):
        assert re.search(rf"check/{instrument} +error -?0.0\d* (kg|L) is within", done.stdout)
    assert set(Path(tempfile.gettempdir()).glob("tramdo-*")) <= before
