"""The program inside probe pods: answers probes as a server, and makes them when it is asked.

It travels as flat files in a ConfigMap, is imported as ``agent`` there, and therefore imports only itself (relatively)
and the standard library of Python 3.8 or newer.

Two roles, see ``roles``: ``serve`` is the pod's main process, ``probe`` is exec'd and speaks JSON lines.
"""

VERSION = "1"
