"""A server of this machine for tests of addresses: sound, slow, silent, cut off, without parts, with keys."""

from __future__ import annotations

import http.server
import re
import threading
import time
from pathlib import Path

#: Characters that programs like to write otherwise.
KEY = "sig=geheim%2F//a%3D%3D&X-Expires=12"


class Server:
    """Serves a folder; `mood` says how: "ranges", "whole", "silent", "cut", "closed", "html", "key" (`KEY`)."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.parts: list[tuple[int, int]] = []
        self.mood = "ranges"
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append(self.path)
                path = folder / self.path.lstrip("/").partition("?")[0]
                if server.mood == "silent":
                    time.sleep(1.2)
                if server.mood == "closed":
                    return self.send_error(403)
                if server.mood == "key" and (self.command == "HEAD" or not self.path.endswith(f"?{KEY}")):
                    # A presigned address is signed for GET alone.
                    return self.send_error(403)
                if server.mood == "html":
                    return self._send(200, b"<html>Sign in</html>")
                if not path.is_file():
                    return self.send_error(404)
                data = path.read_bytes()
                asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
                if asked is None or server.mood == "whole":
                    return self._send(200, data)
                first = int(asked[1]) if asked[1] else len(data) - int(asked[2])
                last = min(int(asked[2]) if asked[1] and asked[2] else len(data) - 1, len(data) - 1)
                server.parts.append((first, last))
                return self._send(206, data[first : last + 1], f"bytes {first}-{last}/{len(data)}")

            def _send(self, status: int, data: bytes, part: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("ETag", f'"{hash(data)}"')
                if server.mood != "whole":
                    self.send_header("Accept-Ranges", "bytes")
                if part:
                    self.send_header("Content-Range", part)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(data[: len(data) // 2] if server.mood == "cut" else data)
                if server.mood == "cut":
                    self.close_connection = True

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
