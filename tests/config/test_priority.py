"""Workers step aside."""

import subprocess
import sys

SCRIPT = """
import os
from config.priority import give_way
before = os.getpriority(os.PRIO_PROCESS, 0)
give_way()
print(os.getpriority(os.PRIO_PROCESS, 0) - before)
"""


def test_a_worker_is_ten_steps_nicer_than_the_web():
    said = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True).stdout

    assert int(said) == 10
