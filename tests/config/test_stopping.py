"""Being told to stop."""

import signal
import subprocess
import sys

from config.stopping import Stopping

# Signals by the hundred, at any moment of the loop that waits: an Event would lock itself out.
HAILED = """
import os, signal, threading, time
from config.stopping import Stopping
stopping = Stopping(signal.SIGTERM)
stopping.set = lambda: None
def hail():
    for _ in range(300):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.001)
    Stopping.set(stopping)
threading.Thread(target=hail).start()
while not stopping.wait(0.0001):
    pass
"""


def test_it_waits_until_it_is_asked():
    stopping = Stopping()
    assert not stopping.wait(0.01)
    stopping.set()
    assert stopping.is_set()
    assert stopping.wait(60)


def test_a_signal_asks():
    before = signal.getsignal(signal.SIGUSR1)
    stopping = Stopping(signal.SIGUSR1)
    signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert stopping.is_set()


def test_no_signal_locks_it_out_at_whatever_moment():
    assert subprocess.run([sys.executable, "-c", HAILED], timeout=30, check=False).returncode == 0
