"""How long until a change that was asked of the API holds for packets."""
