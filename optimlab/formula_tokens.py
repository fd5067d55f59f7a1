"""The words of a typed formula, and the error that shows where one is wrong."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

__all__ = ["FUNCTIONS", "LONGEST", "NAMES", "FormulaError", "Token", "tokens"]

LONGEST = 500  # characters

# How a name is written, and what it is: a variable, a constant, or an operation of the tape.
NAMES = {"x": "x", "y": "y", "r": "r", "φ": "φ", "π": "π", "e": "e", "phi": "φ", "pi": "π", "ϕ": "φ"}
FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sinh": "sinh",
    "cosh": "cosh", "tanh": "tanh", "exp": "exp", "ln": "log", "log2": "log2", "log10": "log10", "sqrt": "sqrt",
    "cbrt": "cbrt", "abs": "absolute", "sign": "sign", "floor": "floor", "ceil": "ceil", "round": "rint",
    "min": "minimum", "max": "maximum", "log": "log", "arcsin": "arcsin", "arccos": "arccos", "arctan": "arctan",
}  # fmt: skip
OPERATORS = {
    "+": "add", "-": "subtract", "−": "subtract", "–": "subtract", "*": "multiply", "·": "multiply", "⋅": "multiply",
    "×": "multiply", "/": "divide", "÷": "divide", "^": "power",
}  # fmt: skip
FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-"))
BRACKETS = "()|√,"
SPACES = " \t\n\r\u00a0\u2009\u202f"
WORDS = sorted({*NAMES, *FUNCTIONS}, key=lambda word: (-len(word), word))
KNOWN = ", ".join(["x", "y", "r", "φ", "π", "e", *list(FUNCTIONS)[:22]])
SIGNS = "numbers, names, + - * / ^ | √ and round brackets"
NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?")
DIGITS = re.compile(r"[0-9.]+(?:[eE][+\-−]?[0-9]+)?[0-9.]*")
LETTERS = re.compile(r"[A-Za-z]+")
EXPONENT = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
BASE = re.compile(r"(?:10|2)(?= *\()")
HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
WIDTH = 72  # of the line that shows where


class FormulaError(ValueError):
    """A text that is no formula.

    Attributes
    ----------
    sentence : what is wrong, and what is allowed
    text : the formula
    at : the place of the mistake in it, counted in characters from 0
    """

    def __init__(self, sentence: str, text: str, at: int):
        super().__init__("\n".join([sentence, *pointed(text, at)]))
        self.sentence, self.text, self.at = sentence, text, at

    def __reduce__(self) -> tuple:
        return FormulaError, (self.sentence, self.text, self.at)


def pointed(text: str, at: int) -> tuple[str, str]:
    """The part of the text around a place, on one line, and a line with a caret under it."""
    begin = max(0, min(at - WIDTH // 2, len(text) - WIDTH))
    part = "".join(" " if c in SPACES else "�" if HIDDEN.match(c) else c for c in text[begin : begin + WIDTH])
    before, after = "…" if begin else "", "…" if begin + WIDTH < len(text) else ""
    return f"  {before}{part}{after}", " " * (2 + len(before) + at - begin) + "^"


@dataclass(frozen=True)
class Token:
    """A word: its kind, how it is written, its place, and what it means.

    The kinds are number, name, function, operator, exponent (raised digits), end, and the signs ( ) | √ , themselves.
    """

    kind: str
    text: str
    at: int
    meaning: str | float = ""


def tokens(text: str) -> list[Token]:
    """The words of a formula, an end behind them."""
    if len(text) > LONGEST:
        raise FormulaError(f"the formula is longer than {LONGEST} characters", text, LONGEST)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] not in SPACES:
            found += word_at(text, at)
            at = found[-1].at + len(found[-1].text)
        else:
            at += 1
    return [*found, Token("end", "", len(text))]


def word_at(text: str, at: int) -> list[Token]:
    """The word that begins here; several, where letters run together."""
    sign = text[at]
    if sign in "0123456789.":
        return [number_at(text, at)]
    if letters := LETTERS.match(text, at):
        return names_at(text, at, letters[0])
    if sign in NAMES:
        return [Token("name", sign, at, NAMES[sign])]
    if sign in FRACTIONS:
        return [Token("number", sign, at, FRACTIONS[sign])]
    if text.startswith("**", at):
        return [Token("operator", "**", at, "power")]
    if sign in OPERATORS:
        return [Token("operator", sign, at, OPERATORS[sign])]
    if raised := EXPONENT.match(text, at):
        return [exponent(text, at, raised[0])]
    if sign in BRACKETS:
        return [Token(sign, sign, at)]
    raise FormulaError(f"“{shown(sign)}” has no meaning here: {instead(sign)}", text, at)


def instead(sign: str) -> str:
    if sign in "[]{}":
        return "brackets are round ones, ( and )"
    if sign == "=":
        return "write only what f(x, y) is equal to"
    return f"allowed are {SIGNS}"


def number_at(text: str, at: int) -> Token:
    digits = DIGITS.match(text, at)
    word = digits[0] if digits else ""
    if not NUMBER.fullmatch(word):
        raise FormulaError(f"“{shown(word)}” is no number: write one such as 0.5 or 2e-3", text, at)
    number = float(word.replace("−", "-"))
    if math.isinf(number):
        raise FormulaError(f"“{shown(word)}” is too large a number", text, at)
    return Token("number", word, at, number)


def exponent(text: str, at: int, raised: str) -> Token:
    word = "".join(RAISED[c] for c in raised)
    if not re.fullmatch("-?[0-9]{1,15}", word):
        raise FormulaError(f"“{shown(raised)}” is no exponent: write one such as ² or ⁻¹", text, at)
    return Token("exponent", raised, at, float(word))


def names_at(text: str, at: int, letters: str) -> list[Token]:
    """The names that letters are made of: 2xy is 2·x·y, and xsin is x·sin. A name that fits as a whole comes first."""
    parts = [letters] if letters in WORDS else parted(letters)
    if not parts:
        near = nearest(letters)
        perhaps = f", perhaps “{near}”" if near else ""
        raise FormulaError(f"“{shown(letters)}” is not known{perhaps}: known are {KNOWN}", text, at)
    if parts[-1] == "log" and (base := BASE.match(text, at + len(letters))):
        parts[-1] += base[0]
    found = []
    for part in parts:
        kind, meanings = ("name", NAMES) if part in NAMES else ("function", FUNCTIONS)
        found.append(Token(kind, part, at, meanings[part]))
        at += len(part)
    return found


def parted(letters: str) -> list[str]:
    """Letters as names one after another, long names first; an empty list if that cannot be.

    After a function only a variable may follow at once: sinx is sin(x), and sine is a mistake.
    """
    ways: dict[int, str] = {len(letters): ""}  # from each place on: the name that begins there
    for i in range(len(letters) - 1, -1, -1):
        for word in WORDS:
            after = ways.get(i + len(word)) if letters.startswith(word, i) else None
            if after is not None and (word in NAMES or after in ("", "x", "y", "r")):
                ways[i] = word
                break
    parts: list[str] = []
    at = 0
    while at in ways and at < len(letters):
        parts.append(ways[at])
        at += len(ways[at])
    return parts


def nearest(letters: str) -> str:
    """The known name that is written nearly like this, if there is one."""
    if len(letters) > 20:
        return ""
    word = letters.lower()
    name = min([*NAMES, *FUNCTIONS], key=lambda known: apart(word, known))
    return name if apart(word, name) <= len(word) // 3 else ""


def apart(a: str, b: str) -> int:
    """How many letters must be changed, added or removed to make one word of the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        last, row = row, [i + 1]
        for j, other in enumerate(b):
            row.append(min(last[j] + (letter != other), last[j + 1] + 1, row[j] + 1))
    return row[-1]


def shown(word: str) -> str:
    """A word as a sentence shows it: not too long, and what cannot be seen by its number."""
    short = word if len(word) <= 20 else f"{word[:19]}…"
    return HIDDEN.sub(lambda match: f"U+{ord(match[0]):04X}", short)
