#!/usr/bin/env bash
# The services' own clients into .cache/providers, as the lock file says. Does nothing where they are there already.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
into="$(cd "$here/../.." && pwd)/.cache/providers"
mkdir -p "$into"
if cmp -s "$here/node/package-lock.json" "$into/installed.json"; then
  exit 0
fi
cp "$here/node/package.json" "$here/node/package-lock.json" "$into/"
npm ci --prefix "$into" --ignore-scripts --no-audit --no-fund --loglevel=error
cp "$here/node/package-lock.json" "$into/installed.json"
