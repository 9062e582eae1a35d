"""How packets travel between nodes, told from packets that were captured on the way."""
