"""The register of check standards: whether each is good enough, and how new ones come in. No I/O.

`dcc` reads digital certificates, `table` CSV, `choice` takes a check standard from a certificate,
`tomltext` writes it; checks need `register` only, so nothing else is loaded here.
"""

from tramdo.standards.register import Refusal, Standing, State, standing, suitable

__all__ = ["Refusal", "Standing", "State", "standing", "suitable"]
