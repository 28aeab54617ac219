"""Everything that can go wrong here, as one tree; each message says what to do."""

from __future__ import annotations


class ConformanceError(Exception):
    """The base of every error that this package raises on purpose."""


class InputError(ConformanceError, ValueError):
    """An input that batch normalization is not defined on."""


class GoldenFileError(ConformanceError):
    """A golden file that is missing, damaged, foreign or not plain data."""


class RecipeError(ConformanceError):
    """A recipe, or arrays that were given, of which no golden files can be made."""


class UnprovenError(ConformanceError):
    """An answer that the independent proof does not accept; it is written nowhere."""


class ExportError(ConformanceError):
    """An exported case that is missing, damaged or foreign, or a case that cannot be exported."""


class AdapterError(ConformanceError):
    """An adapter that cannot be found or loaded, or that does not keep the contract."""


class MessageError(ConformanceError):
    """What a worker sent and what is no answer to what it was asked.

    Attributes:
        is_own: Whether it was sent by who knew the question, and not by an earlier call.
    """

    is_own = False


class SelectionError(ConformanceError):
    """A selection of cases or paths that is empty; nothing compared is never a pass."""


class RecordError(ConformanceError):
    """A run record that is missing, damaged or of another schema."""


class HistoryError(ConformanceError):
    """A history, or a run in it, that is missing, damaged or foreign."""


class ExtraError(ConformanceError):
    """A part of the package that needs what is not installed."""


class ExpectationError(ConformanceError):
    """An expectations file that is malformed or names what does not exist."""


class OutputError(ConformanceError):
    """A place that takes nothing: a full disk, a file that may not be written."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM came; no `ConformanceError`, so that nothing takes it for one.

    Attributes:
        signal: The number of the signal.
        kept: Whether what was found until then is kept, marked as partial.
    """

    def __init__(self, signal: int, *, kept: bool = False) -> None:
        """Say what came."""
        super().__init__(signal)
        self.signal, self.kept = signal, kept


class Unsupported(Exception):  # noqa: N818 - a fact that an adapter states, not a fault
    """Raised by an adapter for a case that its framework cannot take.

    The message is the reason that the report shows, such as ``"no float64 kernel"``.
    """
