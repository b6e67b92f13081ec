"""The errors that capwatch raises on purpose: one root class and a few kinds, each with its exit code.

Each message says in one line *what* failed (file or item), *why*, and how to fix it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePath

DEGRADED = 3  # exit code of a command that finished with some inputs skipped or degraded
MOST_CHARACTERS = 700  # of a cause; our choice: five doubts of a file fit, a header quoted in full may have thousands


class PipelineError(Exception):
    """Root of all errors that a user can do something about."""

    exit_code = 5

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a notebook shows the message without a traceback, as a terminal does."""
        return [f"{self}"]


class ConfigError(PipelineError, ValueError):
    """A config file, option or AOI makes no sense."""

    exit_code = 2


class InputError(PipelineError):
    """One input (an image, an AIS file) cannot be used; the others can."""

    exit_code = DEGRADED

    def __init__(self, item: object, cause: str) -> None:
        self.item = printable(item)
        self.cause = shortened(printable(cause))
        super().__init__(f"{self.item}: {self.cause}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        """Makes the error picklable between processes; the default would pass only the finished message."""
        return type(self), (self.item, self.cause)


class NothingUsable(PipelineError):
    """No input could be used, so there is no result."""

    exit_code = 4


class NothingToShow(PipelineError):
    """A notebook stops because the run has nothing more to show, as its message says; nothing has failed."""

    exit_code = 4


class RunDiffers(PipelineError):
    """A finished run was repeated and gave a different result."""

    exit_code = DEGRADED


class EnvironmentFault(PipelineError, OSError):
    """A fault of the machine, not of the question: disk, permission, lock or memory."""

    exit_code = 5


class MemoryShort(EnvironmentFault, MemoryError):
    """Not enough memory for one item: the engine retries it alone, and if that fails gives up only that item."""


class ContractError(PipelineError, ValueError):
    """A table breaks its contract: a bug in a stage, or a file from elsewhere that is not such a table."""

    exit_code = 2


def ending_code(error: PipelineError) -> int:
    """The exit code of a command that an error ends; an InputError ends one only if no other input was left, hence 4.

    >>> ending_code(InputError("calls.csv", "no such file")), ending_code(ConfigError("--set: no such key"))
    (4, 2)
    """
    return NothingUsable.exit_code if isinstance(error, InputError) else error.exit_code


def file_of(error: OSError) -> str:
    """The file that an OSError concerns; "" if it cannot be determined.

    A failed open names its file; a failed read or write does not. Its caller held the path or the open file, so the
    innermost frame of the traceback that has one is used.
    """
    if error.filename:
        return str(error.filename)
    found, traceback = "", error.__traceback__
    while traceback is not None:
        for value in traceback.tb_frame.f_locals.values():
            name = None
            with suppress(Exception):  # of an object that loads itself on its first use, and failed in that
                name = getattr(value, "name", None) if hasattr(value, "read") else None
            if isinstance(value, PurePath):
                found = str(value)
            elif isinstance(name, str | PurePath):  # a number is a descriptor without a name
                found = str(name)
        traceback = traceback.tb_next
    return found


def in_words(error: OSError | MemoryError) -> str:
    """One line for an OSError or MemoryError that nothing else has worded: what failed, and how."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    where = file_of(error) or "a file or connection without a name"
    return printable(f"{where}: {error.strerror or str(error) or type(error).__name__}")


def shortened(text: str) -> str:
    """The text, or the start and end of one longer than MOST_CHARACTERS."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS // 2]} … {text[-MOST_CHARACTERS // 3 :]}"


def printable(item: object) -> str:
    """The item's name on one line, with control characters escaped, so that a file name cannot forge log lines."""
    text = str(item)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def is_utf8(name: object) -> bool:
    """Is a name valid UTF-8, so that tables and pages can hold it? Python marks other bytes of a name by surrogates.

    >>> is_utf8("Hafen-Süd.tif"), is_utf8("n\\udcff.tif")
    (True, False)
    """
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True
