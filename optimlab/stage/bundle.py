"""The stage's JavaScript modules as the one module that anywidget asks for: no build step, no bundler.

Each module stands after all that it imports. What it imports from them, and the word ``export``, goes: they share one
scope now, so no two of them may define the same name. Comments, types and indents go too (so no text in backquotes may
go over several lines).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

__all__ = ["bundle", "modules"]

IMPORT = re.compile(r'^import \{\s*\w+(?:,\s*\w+)*,?\s*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
NAME = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
TYPE = re.compile(r"/\*\* @(?:type|import|typedef) (?:[^*]|\*(?!/))*\*/ ?")
ASIDE = re.compile(r"""(?<=[;{},)\]]) // [^"'`\n]*$""", re.MULTILINE)
INDENT = re.compile(r"^[ \t]+|^\n", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(entry: Path, without: Collection[str] = ()) -> str:
    """One module that does what the module `entry` does. Only `entry` has an ``export default {…}``.

    Modules that are not needed there may be left out, by name: what they define must never be asked for.
    """
    kept = [path for path in modules(entry) if path.name not in without]
    sources = {path.name: EXPORT.sub("", IMPORT.sub("", path.read_text("utf-8"))) for path in kept}
    homes: dict[str, str] = {}
    for module, source in sources.items():
        for name in NAME.findall(source):
            if name in homes:
                raise ValueError(f"{name} is defined in {homes[name]} and in {module}")
            homes[name] = module
        for line in LEFT.findall(source):
            if module != entry.name or not line.startswith("export default {"):
                raise ValueError(f"{module}: imports and exports must be plain names of modules here, got {line}")
    text = "\n".join(sources.values())
    for needless in (COMMENT, TYPE, ASIDE, INDENT):
        text = needless.sub("", text)
    return text


def modules(entry: Path) -> list[Path]:
    """A module and all that it imports, each once and after those that it imports itself."""
    order: list[Path] = []
    open_: list[Path] = []

    def visit(path):
        if path in open_:
            raise ValueError(f"{' imports '.join(p.name for p in [*open_, path])}: modules import one another one way")
        if path in order:
            return
        open_.append(path)
        for name in IMPORT.findall(path.read_text("utf-8")):
            visit(path.with_name(name))
        order.append(open_.pop())

    visit(entry)
    return order
