"""Services of every type: who answers where, and from when on."""
