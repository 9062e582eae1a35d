"""NetworkPolicy: cases as data, the arena of pods that they are tried in, and what is reported of them."""
