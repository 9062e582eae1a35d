"""Images are not pulled, but one that cannot exist fails as it would on a real node."""

from __future__ import annotations


def image_problem(image: str) -> str:
    """Return why an image cannot be pulled, "" when it "can"."""
    if image and "does-not-exist" not in image:
        return ""
    reference = image or '""'
    return (
        f'Failed to pull image "{image}": failed to pull and unpack image {reference}: '
        f"failed to resolve reference {reference}: not found"
    )
