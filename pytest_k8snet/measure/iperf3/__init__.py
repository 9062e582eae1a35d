"""Bandwidth with iperf3 as Kubernetes Jobs: https://software.es.net/iperf/."""
