"""A certificate of its own making, as dev servers have them."""

import subprocess
from pathlib import Path


def certificate(folder: Path) -> Path:
    """Return `dev.pem` in `folder`: a new key for localhost, and its certificate."""
    pem, names = folder / "dev.pem", ["-subj", "/CN=localhost", "-keyout", "dev.key", "-out", "dev.crt"]
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    subprocess.run(words, check=True, capture_output=True, cwd=folder)
    pem.write_text((folder / "dev.key").read_text() + (folder / "dev.crt").read_text())
    return pem
