"""The demo's own `node`, `pnpm` and `stripe`: they say what the real ones say, and ask the demo's stand-ins alone."""
