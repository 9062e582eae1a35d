"""A small Kubernetes API: enough of it that kubectl and ordinary clients work on the embedded cluster.

``store`` holds the objects, ``resources`` is the table that routes, discovery and Table output are made from,
``server`` is the HTTP side, ``runtime`` is what the cluster behind it must offer.
"""
