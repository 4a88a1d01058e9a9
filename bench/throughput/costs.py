"""What a process costs, by /proc: processor time, memory, bytes written."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds (user and system) and bytes given to the disk since the start; RSS now, in MB."""

    cpu: float
    written: int
    rss: float

    @classmethod
    def of(cls, pid: int) -> "Cost":
        """Return what a process has cost so far; raises `OSError` when it is gone."""
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = _facts(Path(f"/proc/{pid}/status"))
        return cls(
            cpu=(int(stat[11]) + int(stat[12])) / TICKS,
            written=int(_facts(Path(f"/proc/{pid}/io"))["write_bytes"]),
            rss=int(status["VmRSS"].split()[0]) / 1024,
        )


def _facts(file: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in file.read_text().splitlines())
    return {key: fact.strip() for key, _, fact in lines}
