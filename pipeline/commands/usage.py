"""Refuses an invalid command line with one line and the command's own example; nothing is guessed."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any, get_type_hints

import typer

from pipeline.commands.help_text import PlainHelp
from pipeline.errors import printable

OUTPUT_OPTIONS = {"out", "balance", "pdf", "into"}  # options that name what a command writes

UsageError: type[Any] = typer.BadParameter.__mro__[1]  # typer has no name of its own for it


class NoRepeatsCommand(PlainHelp):
    """A command that refuses a repeated single-value option, of which the last would silently win."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer's own, after raising `UsageError` for repeated options."""
        _, _, in_order = self.make_parser(ctx).parse_args(args=list(args))
        single = [p for p in in_order if p.param_type_name == "option" and not _repeatable(p)]
        for name, count in Counter(max(option.opts, key=len) for option in single).items():
            if count > 1:
                raise UsageError(f"{name} stands {count} times; give it once", ctx)
        rest = super().parse_args(ctx, args)
        ctx.params |= {k: _packaged_path(v, ctx) for k, v in ctx.params.items() if k not in OUTPUT_OPTIONS}
        return rest


def _packaged_path(value: Any, ctx: Any) -> Any:
    """Replace a missing ``configs/...`` path by the package's own file of that name, with a note.

    So the examples in the documentation also work outside a checkout.
    """
    if isinstance(value, list | tuple):
        return type(value)(_packaged_path(v, ctx) for v in value)
    if not isinstance(value, str | Path) or Path(value).parts[:1] != ("configs",) or os.path.exists(value):
        return value
    from pipeline.console import to_stderr
    from pipeline.workspace import configs_root

    packaged = configs_root().joinpath(*Path(value).parts[1:])
    if not os.path.isfile(packaged):
        return value
    if not ctx.params.get("quiet"):
        to_stderr(f"{printable(value)}: not in this folder; {printable(packaged)} is read")
    return type(value)(packaged)


def _repeatable(param: Any) -> bool:
    """May an option be repeated, as a list of values, a switch or a count?"""
    return any(getattr(param, kind, False) for kind in ("multiple", "is_flag", "count"))


class App(typer.Typer):
    """A Typer app whose commands refuse repeated single-value options."""

    def command(self, name: str | None = None, **settings: Any) -> Any:
        """As typer's own."""
        register = super().command(name, **({"cls": NoRepeatsCommand} | settings))
        return lambda function: register(_without_read_checks(function))


def _without_read_checks(function: Any) -> Any:
    """A command whose paths are not checked for readability, which is not a usage error.

    The reader of the file reports it, with the exit code for a permission fault; other inputs go on.
    """
    function.__annotations__ = get_type_hints(function, include_extras=True)
    for hint in function.__annotations__.values():
        for info in getattr(hint, "__metadata__", ()):
            if hasattr(info, "readable"):
                info.readable = False
    return function


def refusal(error: Any) -> str:
    """What is wrong with a command line, and an example of a correct one."""
    command = error.ctx.command_path if error.ctx is not None else "capwatch"
    message = " ".join(error.format_message().split()).removesuffix(".")
    help_text = (error.ctx.command.help or "") if error.ctx is not None else ""
    example = next((line for line in map(str.strip, help_text.splitlines()) if line.startswith("Example: ")), "")
    hint = f"example: {example.removeprefix('Example: ')}" if example else f"see {command} --help"
    return f"error: {command}: {message[:1].lower()}{printable(message[1:])} ({hint})"


def run(app: App, name: str) -> int:
    """Run this process's command line; returns the exit code."""
    try:
        return int(app(prog_name=name, standalone_mode=False) or 0)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # capwatch without arguments shows its help
            error.show()
        else:
            typer.echo(refusal(error), err=True)
        return int(error.exit_code)
