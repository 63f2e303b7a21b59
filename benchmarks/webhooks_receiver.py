"""A receiver that answers at once: ``python -m benchmarks.webhooks_receiver PORT``.

It reads no more of HTTP than it must, so that it is never what is measured. ``/late`` also prints how many seconds ago
the event happened; ``/hang`` never answers.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from datetime import datetime

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_TIMESTAMP = re.compile(rb'"timestamp":"([^"]+)"')
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Receiving(asyncio.Protocol):
    """One connection, kept alive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self.buffer, 0, end)
            assert length, self.buffer[:end]
            whole = end + 4 + int(length[1])
            if len(self.buffer) < whole:
                return
            self.answer(self.buffer[:whole])
            self.buffer = self.buffer[whole:]

    def answer(self, request: bytes) -> None:
        """According to its path."""
        if request.startswith(b"POST /hang "):
            return
        if request.startswith(b"POST /late "):
            stamp = _TIMESTAMP.search(request)
            assert stamp, request
            print(time.time() - datetime.fromisoformat(stamp[1].decode()).timestamp(), flush=True)
        self.transport.write(_OK)


async def main(port: int) -> None:
    """Until somebody ends the process."""
    server = await asyncio.get_running_loop().create_server(Receiving, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
