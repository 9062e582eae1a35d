"""One module for each family of kinds: what the API completes, what it refuses, what kubectl prints."""
