"""Images are not pulled, but one that cannot exist fails as it would on a real node."""

from __future__ import annotations

from pytest_k8snet.embedded.api.objects import Obj


def never_there(container: Obj) -> bool:
    """Whether a container wants an image that is not there, and that must not be pulled."""
    return container.get("imagePullPolicy") == "Never" and bool(image_problem(container.get("image", "")))


def image_problem(image: str) -> str:
    """Return why an image cannot be pulled, "" when it "can"."""
    if image and "does-not-exist" not in image:
        return ""
    reference = image or '""'
    return (
        f'Failed to pull image "{image}": failed to pull and unpack image {reference}: '
        f"failed to resolve reference {reference}: not found"
    )
