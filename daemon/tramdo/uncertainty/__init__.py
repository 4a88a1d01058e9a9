"""Measurement uncertainty of checks: components, budgets, and a table that a person can read."""

from tramdo.uncertainty.assumed import Assumption, assumption
from tramdo.uncertainty.budget import Budget, BudgetError, Component
from tramdo.uncertainty.prover import GravimetricRun, MasterMeterRun, ProverRun
from tramdo.uncertainty.table import printed
from tramdo.uncertainty.weighing import CheckWeighing

__all__ = [
    "Assumption",
    "Budget",
    "BudgetError",
    "CheckWeighing",
    "Component",
    "GravimetricRun",
    "MasterMeterRun",
    "ProverRun",
    "assumption",
    "printed",
]
