"""Services: pods behind them, the ways that lead to them, and what the oracle says of those who ask."""
