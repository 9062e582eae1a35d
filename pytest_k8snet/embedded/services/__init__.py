"""Services: their EndpointSlices, and in nftables on every node the way from their addresses to their endpoints."""
