"""Questions to the name servers of a cluster: whom to ask, what is asked, what came, and what must have come."""
