"""What proves a station's record: its chain, the signatures under it, and a walk along both.

Pure: bytes in, findings out. The station seals with it, the receiver and `verify` prove with it.
"""

from tramdo.proof.chain import GENESIS, Link, chained, sealed, statement, unsealed
from tramdo.proof.keys import BadKey, Signer, Verifier, fingerprint

__all__ = [
    "GENESIS",
    "BadKey",
    "Link",
    "Signer",
    "Verifier",
    "chained",
    "fingerprint",
    "sealed",
    "statement",
    "unsealed",
]
