"""MTU: of interfaces, of paths, and what an encapsulation takes of it."""
