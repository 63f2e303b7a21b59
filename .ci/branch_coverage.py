"""Fail where fewer branches were taken than ``fail_under`` in pyproject.toml asks; lines alone hide a missing else."""

import json
import sys
import tomllib
from pathlib import Path

floor = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["coverage"]["report"]["fail_under"]
totals = json.loads(Path(sys.argv[1]).read_text())["totals"]
taken = totals["percent_branches_covered"]
print(f"branches: {totals['covered_branches']} of {totals['num_branches']} = {taken:.2f} %, floor {floor} %")
sys.exit(taken < floor)
