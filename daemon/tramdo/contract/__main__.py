"""`python -m tramdo.contract [FOLDER]`: the JSON Schemas, into daemon/contract."""

import sys
from pathlib import Path

from tramdo.contract.schemas import write

write(Path(sys.argv[1] if len(sys.argv) > 1 else "daemon/contract"))
