"""Every protocol that can be simulated, by the driver that reads it and by dialect."""

from collections.abc import Mapping
from importlib import import_module

from tramdo_simulators.simulated import Simulated

MODULES = (
    "adam",
    "and_standard",
    "cas_22",
    "cas_ecr",
    "dibal",
    "digi_di28",
    "dini",
    "erte_b2",
    "fairbanks",
    "flintec_fast",
    "jadever_jik",
    "keli_xk3118t1",
    "mt_sics",
    "nci",
    "ohaus",
    "plain_line",
    "radwag",
    "rice_lake",
    "sbi",
    "sma",
    "st_gs",
    "sterling_7600",
    "toledo_8217",
    "toledo_continuous",
    "vibra",
    "vishay_leo",
    "yaohua_a12",
    "yaohua_command",
    "yaohua_reversed",
    "yaohua_tf0",
)


def _gathered() -> dict[str, dict[str, Simulated]]:
    found: dict[str, dict[str, Simulated]] = {}
    for module in MODULES:
        told: Mapping[str, Simulated] = import_module(f"tramdo_simulators.{module}").SIMULATED
        for dialect, one in told.items():
            found.setdefault(one.driver, {})[dialect] = one
    return dict(sorted(found.items()))


PROTOCOLS: Mapping[str, Mapping[str, Simulated]] = _gathered()
