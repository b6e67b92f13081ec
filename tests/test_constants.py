"""The rule of the house for numbers: a constant says where it comes from, or that it was chosen and why.

Whether the words are true no test can tell; that there are some, it can. A comment on the line, one above it in its
block of lines, or a string below counts; what is computed from other names needs none.
"""

from __future__ import annotations

import ast
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "pipeline"
MODULES = sorted(p for p in PIPELINE.rglob("*.py") if "vendor" not in p.parts)


def bare_constants(source: str) -> list[str]:
    """Names of the module's numbers that stand without a word.

    >>> bare_constants("A = 3\\n\\nB = 4  # our choice\\nC = 2 * B\\n\\n# Both by Otsu\\nD = 1\\nE = (2.0, 3)\\n")
    ['A']
    """
    lines = source.splitlines()
    tree = ast.parse(source)
    strings = {n.lineno for n in tree.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}

    def said(first: int, last: int) -> bool:
        if any("#" in lines[n - 1] for n in range(first, last + 1)):
            return True
        above, below = first - 1, last + 1
        while above > 0 and lines[above - 1].strip():
            if lines[above - 1].startswith("#"):
                return True
            above -= 1
        while below <= len(lines) and lines[below - 1].strip():
            if below in strings:
                return True
            below += 1
        return False

    out = []
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None or not _is_number(node.value):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        name = ast.unparse(target)
        if name.upper() == name and not said(node.lineno, node.end_lineno or node.lineno):
            out.append(name)
    return out


def _is_number(value: ast.expr) -> bool:
    if isinstance(value, ast.Tuple):
        return all(_is_number(v) for v in value.elts)
    parts = [n for n in ast.walk(value) if isinstance(n, ast.expr)]
    numbers = [n for n in parts if isinstance(n, ast.Constant) and type(n.value) in (int, float)]
    return bool(numbers) and all(isinstance(n, ast.Constant | ast.BinOp | ast.UnaryOp) for n in parts)


def test_every_number_has_a_source_or_says_that_it_has_none():
    bare = {str(path.relative_to(PIPELINE)): bare_constants(path.read_text()) for path in MODULES}
    assert {path: names for path, names in bare.items() if names} == {}, "name its source, or why it was chosen"
