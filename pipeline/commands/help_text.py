"""Formats help with plain metavars (``IMAGE...``, ``--out FILE``) instead of Python types."""

from __future__ import annotations

from typing import Any

import typer.core


class PlainHelp(typer.core.TyperCommand):
    """A command whose help shows arguments by metavar only; typer would add ``<list[Path]>``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """``[OPTIONS] IMAGE...``, with optional arguments in brackets."""
        arguments = [p for p in self.get_params(ctx) if _is_argument(p)]
        named = [_name(p) if p.required else f"[{_name(p)}]" for p in arguments]
        return ["[OPTIONS]", *named]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options, each with what it means."""
        records = [(p, p.get_help_record(ctx)) for p in self.get_params(ctx)]
        arguments = [(_name(p), record[1]) for p, record in records if record and _is_argument(p)]
        options = [record for p, record in records if record and not _is_argument(p)]
        for title, rows in (("Arguments", arguments), ("Options", options)):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _name(param: Any) -> str:
    """The placeholder for an argument."""
    return f"{param.metavar or str(param.name).upper()}{'...' if param.nargs == -1 else ''}"
