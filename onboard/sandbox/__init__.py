"""The demo and the stand-ins: services that run on this machine, shared by `onboard demo` and the tests."""
