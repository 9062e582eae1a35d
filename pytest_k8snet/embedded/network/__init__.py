"""The network of the embedded cluster: namespaces, links, routes and nftables of nodes, pods and outside hosts."""
