"""Decorators as calls, because mutmut leaves decorated functions alone: `@f` before `g` becomes `g = f(g)` after it."""

from __future__ import annotations

import ast

PLAIN = ("staticmethod", "classmethod")


def undecorated(source: str) -> str:
    """The module without decorators on functions. One called `_` is named after the type of its first parameter."""
    lines = source.splitlines()
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef) and n.decorator_list]
    for node in sorted(functions, key=lambda n: n.lineno, reverse=True):
        decorators = [ast.unparse(d) for d in node.decorator_list]
        if any(d in PLAIN for d in decorators):
            continue
        indent = " " * node.col_offset
        name, call = node.name, node.name
        for decorator in reversed(decorators):
            call = f"{decorator}({call})"
        if name == "_":
            name = f"_of_{ast.unparse(node.args.args[0].annotation or node.args.args[0])}"
            lines[node.lineno - 1] = lines[node.lineno - 1].replace("def _(", f"def {name}(")
            after = call.replace("(_)", f"({name})")
        else:
            after = f"{name} = {call}"
        lines.insert(node.end_lineno or node.lineno, f"{indent}{after}")
        del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"
