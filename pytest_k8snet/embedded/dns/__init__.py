"""The cluster's name servers: programs that run in pods, and the objects that put them there."""
