#!/usr/bin/env bash
# Installs the real parts of the tests that npm carries into .cache/parts (git-ignored), at pinned versions. Idempotent.
# Where npm is missing it says so and ends well: the tests name what they then cannot run. With CI set that is a failure.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/.cache/parts
project=$root/onboard/sandbox/project

if ! command -v npm >/dev/null; then
  echo "npm is not on this machine: tests that need Node, pnpm or the Stripe CLI are skipped" >&2
  [ -z "${CI:-}" ] || exit 1
  exit 0
fi

stamp=$(cat "$root"/tests/parts/package*.json "$project/package.json" "$project/pnpm-lock.yaml" | sha256sum)
if [ "$(cat "$cache/stamp" 2>/dev/null)" != "$stamp" ]; then
  mkdir -p "$cache"
  cp "$root"/tests/parts/package.json "$root"/tests/parts/package-lock.json "$cache/"
  # Not `npm ci`: it wants the lock to name the packages of other platforms, which not every registry carries.
  (cd "$cache" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error)
  # The packages of the sample project, so that `pnpm install` in a test needs no network.
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$project/package.json" "$project/pnpm-lock.yaml" "$work/"
  (cd "$work" && PATH="$cache/node_modules/node/bin:$PATH" \
    "$cache/node_modules/.bin/pnpm" fetch --store-dir "$cache/pnpm-store" --reporter=silent)
  printf '%s' "$stamp" > "$cache/stamp"
fi

bash "$root/tests/envfile/install.sh"
bash "$root/tests/providers/install.sh"
