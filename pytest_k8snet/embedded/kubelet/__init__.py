"""The control loops beside the API: scheduler, kubelet with its pods and containers, node objects, events."""
