"""Every error that capwatch raises on purpose: one root, a few kinds, each with the exit code that it ends in.

The message of each says *what* (file or item), *why*, and what would mend it, in one line.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePath

DEGRADED = 3  # the exit code of what was done although some inputs were skipped or degraded
MOST_CHARACTERS = 700  # of a cause; our choice: five doubts of a file fit, a header quoted in full may have thousands


class PipelineError(Exception):
    """Root of all errors that a user can do something about."""

    exit_code = 5

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it, as IPython asks: the sentence, as a terminal does, and no traceback."""
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
        """Errors cross process borders; the default would call the class with the finished message alone."""
        return type(self), (self.item, self.cause)


class NothingUsable(PipelineError):
    """No input could be used, so there is no result."""

    exit_code = 4


class NothingToShow(PipelineError):
    """A notebook has come to where the run has no more to show: its last sentence says so, and nothing has failed."""

    exit_code = 4


class RunDiffers(PipelineError):
    """A finished run that was run again, and came out otherwise."""

    exit_code = DEGRADED


class EnvironmentFault(PipelineError, OSError):
    """Disk, permission, lock or memory: the question was fine, the machine was not."""

    exit_code = 5


class MemoryShort(EnvironmentFault, MemoryError):
    """There was not enough memory for one item: the engine tries it by itself, and gives up that item alone."""


class ContractError(PipelineError, ValueError):
    """A table does not hold what its contract promises: a bug in a stage, or a foreign file of another kind."""

    exit_code = 2


def ending_code(error: PipelineError) -> int:
    """The exit code of a command that an error ends: where one input does so, there was no other, and nothing is made.

    >>> ending_code(InputError("calls.csv", "no such file")), ending_code(ConfigError("--set: no such key"))
    (4, 2)
    """
    return NothingUsable.exit_code if isinstance(error, InputError) else error.exit_code


def file_of(error: OSError) -> str:
    """The file of an error of the system, "" where none can be told.

    An open that fails names its file; a read or a write does not. Whoever called it held the path, or the open file, so
    the innermost of the frames that the error came through tells it.
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
    """Which file, or what, failed, and how, of an error of the system that nobody has put into words."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    where = file_of(error) or "a file or connection without a name"
    return printable(f"{where}: {error.strerror or str(error) or type(error).__name__}")


def shortened(text: str) -> str:
    """A line that a terminal can hold: of a long one its start and its end."""
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS // 2]} … {text[-MOST_CHARACTERS // 3 :]}"


def printable(item: object) -> str:
    """The item's name on one line, with control characters escaped, so that a file name cannot forge log lines."""
    text = str(item)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def is_utf8(name: object) -> bool:
    """Can tables and pages hold a name? The system knows names as bytes, and those that are no UTF-8 come with marks.

    >>> is_utf8("Hafen-Süd.tif"), is_utf8("n\\udcff.tif")
    (True, False)
    """
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True
