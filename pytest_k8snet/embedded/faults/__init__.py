"""The fault catalogue: one module for each fault, found by listing this package.

A module of this package has a function ``fault()`` without arguments that returns a new ``Fault``
(``pytest_k8snet.embedded.injection``). Its name is what ``catches`` of a check and ``--k8snet-calibrate`` say. A fault
breaks one behaviour and nothing beside it, and ``revert`` restores what was before, whatever happened meanwhile.
"""
