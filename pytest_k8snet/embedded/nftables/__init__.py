"""Tables of nftables that follow what is wanted of them, by the smallest change and never half done."""
