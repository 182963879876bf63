"""A dev server for tests: `dev_program.py PORT WORD…`, quick to start. Words make it behave as real ones do.

`status`: GET / answers with the number in ./status. `late`: says Ready at once and listens when ./go is there. `moves`:
goes to the next free port and says so, as Next does. `loud`: prints 50 MB first. `deaf`: takes no TERM. `child`: has a
child of its own. `tls`: speaks TLS alone, with ./dev.pem, and does not say so. POST /hook checks Stripe's signature
under STRIPE_WEBHOOK_SECRET, as `value` finds it.
"""

import hashlib
import hmac
import os
import re
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def say(*words: str) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def value(name: str) -> str:
    """Return a variable as the app reads it: from its environment, else from the env file as it is now."""
    if name in os.environ:
        return os.environ[name]
    file = Path(".env.local")
    found = re.search(rf'(?m)^{name}="?([^"\n]*)"?$', file.read_text()) if file.is_file() else None
    return found[1] if found else ""


class Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        status = int(Path("status").read_text()) if "status" in sys.argv and self.path == "/" else 200
        if self.path in ("/healthz", "/readyz", "/api/health"):
            file = Path(self.path[1:].replace("/", "-"))
            status = int(file.read_text()) if file.is_file() else 404
        self.reply(status, value("TEAM_NOTE"))

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers["Content-Length"]))
        secret = value("STRIPE_WEBHOOK_SECRET").encode()
        parts = dict(part.split("=", 1) for part in self.headers["Stripe-Signature"].split(","))
        right = hmac.new(secret, parts["t"].encode() + b"." + payload, hashlib.sha256).hexdigest()
        say("POST", self.path)
        answers = {"/hook": 200 if hmac.compare_digest(right, parts["v1"]) else 400, "/trusting": 200, "/broken": 500,
                   "/behind": 307, "/guarded": 401}  # fmt: skip
        self.reply(answers.get(self.path, 404), "")

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


class Server(HTTPServer):
    address_family = socket.AF_INET

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def main() -> None:
    """Serve until ended."""
    port, words = int(sys.argv[1]), sys.argv[2:]
    if "deaf" in words:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "child" in words and os.fork() == 0:
        os.setsid()
        time.sleep(600)
    if "loud" in words:
        text = ("GET /some/page 200 in 541ms " * 18)[:499] + "\n"
        for _ in range(1_000):
            sys.stdout.write(text * 100)
        sys.stdout.flush()
    if "says" in words:
        say(f"connecting to {value('DATABASE_URL')} with {value('STRIPE_SECRET_KEY')}")
    if "dies" in words:
        say("Error: listen EADDRINUSE: address already in use :::3000")
        sys.exit(7)
    if "late" in words:
        say("Ready in 1ms")
        while not Path("go").exists():
            time.sleep(0.01)
    server = Server(("127.0.0.1", 0 if "moves" in words else port), Handler)
    if "moves" in words:
        other = server.server_address[1]
        say(f" ⚠ Port {port} is in use by process 1, using available port {other} instead.")
        port = other
    if "tls" in words:
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("dev.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    say(f"   - Local:         http://localhost:{port}")
    server.serve_forever(0.05)


if __name__ == "__main__":
    main()
