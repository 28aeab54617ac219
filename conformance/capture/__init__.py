"""What the batch normalizations of a person's model see, as golden files with exact answers."""

from conformance.capture.session import Capture, capturing

__all__ = ["Capture", "capturing"]
