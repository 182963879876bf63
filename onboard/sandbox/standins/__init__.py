"""One file a service: how it answers, from the facts that its own documents and clients give."""
