"""The grammar of a typed formula: a text becomes a list of nodes, by Pratt's method (1973).

    formula  = sum
    sum      = product {("+" | "-") product}
    product  = factor {["·" | "*" | "/"] factor}       2xy = 2·x·y; but 1/2x and e^-2x are refused
    factor   = ("-" | "+") factor | power              -x^2 = -(x^2)
    power    = operand [("^" | "**") factor | raised]  2^3^2 = 2^(3^2), x² = x^2
    operand  = number | name | "(" sum ")" | "|" sum "|" | call
    call     = function [exponent] argument            sin²(x) = sin(x)^2
    argument = "(" sum {"," sum} ")" | "|" sum "|"     commas: min and max only
             | operand or, except for √, power {power} sin 2x = sin(2x), sin x cos y = sin(x)·cos(y)

What could be read in two ways is refused, with what to write instead. Nothing is evaluated as code.
"""

from __future__ import annotations

from typing import Any

from .formula_tokens import FormulaError, Token, shown, tokens

__all__ = ["DEEPEST", "Node", "nodes_of"]

Node = tuple  # ("number", value), ("name", name) or (operation, node, …), where a node is its place in the list

DEEPEST = 40  # brackets within brackets
BINDING = {"add": 10, "subtract": 10, "multiply": 20, "divide": 20, "power": 40}
BESIDE, NEGATIVE = 20, 30  # how strongly two factors side by side, and a minus in front, bind
BEGINS = {"name", "function", "(", "|", "√"}  # what may stand beside a factor without a sign
BARE = {"name", "number"}


def nodes_of(text: str) -> tuple[Node, ...]:
    """The nodes of a formula, each after those it is made of; the last one is the whole.

    >>> nodes_of("2x + 1")
    (('number', 2.0), ('name', 'x'), ('multiply', 0, 1), ('number', 1.0), ('add', 2, 3))
    """
    parser = Parser(text)
    parser.whole()
    return tuple(parser.nodes)


class Parser:
    def __init__(self, text: str):
        self.text = text
        self.tokens = tokens(text)
        self.place = 0
        self.nodes: list[Node] = []
        self.depth = 0
        self.open: list[Token] = []  # the brackets and bars that are not closed yet
        self.unclear = -1  # the place after an exponent such as -2 or x, which might go on: e^-2x, 2^xy

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def node(self, *content: Any) -> int:
        self.nodes.append(content)
        return len(self.nodes) - 1

    def error(self, sentence: str, token: Token) -> FormulaError:
        return FormulaError(sentence, self.text, token.at)

    def whole(self) -> None:
        if self.token.kind == "end":
            raise FormulaError("the formula is empty: write one such as x^2 + 10 sin(y)^2", self.text, 0)
        self.sum()
        if self.token.kind == ")":
            raise self.error("the bracket “)” was never opened", self.token)
        if self.token.kind == ",":
            raise self.comma()

    def comma(self) -> FormulaError:
        before, after = self.tokens[self.place - 1], self.tokens[self.place + 1]
        decimal = before.kind == after.kind == "number"
        instead = (
            "a decimal number is written with a point, as 1.5" if decimal else "it separates numbers in min and max"
        )
        return self.error(f"“,” has no place here: {instead}", self.token)

    def sum(self, least: int = 0) -> int:
        """What follows, as far as its operators bind at least as strongly as `least`."""
        left = self.operand()
        operation = ""
        while (binding := self.binding()) >= least and binding:
            token = self.token
            if token.kind == "number":
                raise self.error(f"an operator is missing before “{shown(token.text)}”: write x·2 or x^2", token)
            if token.kind == "exponent" or token.meaning == "power":
                if operation == "raised":
                    raise self.error("two exponents need brackets: (x^2)^3 or x^(2^3)", token)
                left, operation = self.raised(left), "raised" if token.kind == "exponent" else ""
            elif token.kind == "operator":
                operation = str(self.take().meaning)
                left = self.node(operation, left, self.sum(binding + 1))
            elif operation == "divide":
                raise self.error("the divisor is unclear from here on: write a/(b·c) or (a/b)·c", token)
            else:
                left = self.beside(left, BESIDE + 1)
        return left

    def beside(self, left: int, least: int) -> int:
        """What stands before and the factor that follows without a sign."""
        before = self.tokens[self.place - 1]
        if self.place == self.unclear and before.at + len(before.text) == self.token.at:
            raise self.error("the exponent is unclear from here on: write a^(b·c) or a^b·c", self.token)
        return self.node("multiply", left, self.sum(least))

    def binding(self) -> int:
        """How strongly the next word binds what stands before it; 0 if it ends that."""
        kind = self.token.kind
        if kind == "operator":
            return BINDING[str(self.token.meaning)]
        if kind == "exponent":
            return BINDING["power"]
        return BESIDE if kind == "number" or self.begins() else 0

    def begins(self) -> bool:
        """Whether the next word begins a factor; a bar does if it does not end one."""
        return self.token.kind in BEGINS and not (self.token.kind == "|" and self.open and self.open[-1].kind == "|")

    def raised(self, base: int) -> int:
        token = self.take()
        if token.kind == "exponent":
            return self.node("power", base, self.number(float(token.meaning)))
        self.deeper(token)
        first = self.token
        exponent = self.sum(BINDING["power"])
        self.depth -= 1
        if first.kind not in ("number", "(", "|"):
            self.unclear = self.place
        return self.node("power", base, exponent)

    def number(self, number: float) -> int:
        positive = self.node("number", abs(number))
        return self.node("negative", positive) if number < 0 else positive

    def deeper(self, token: Token) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"the formula is nested more than {DEEPEST} deep", token)

    def operand(self) -> int:
        token = self.take()
        if token.kind == "number" or token.kind == "name":
            return self.node(token.kind, token.meaning)
        if token.kind not in BEGINS and token.meaning not in ("add", "subtract"):
            self.place -= 1
            raise self.missing(token)
        self.deeper(token)
        if token.kind == "function" or token.kind == "√":
            node = self.call(token)
        elif token.kind == "operator":
            node = self.sum(NEGATIVE)
            node = self.node("negative", node) if token.meaning == "subtract" else node
        else:
            node = self.bracket(token)
        self.depth -= 1
        return node

    def missing(self, token: Token) -> FormulaError:
        if token.kind == "end" and self.open and self.open[-1] is self.tokens[self.place - 1]:
            return self.unclosed()
        where = f"before “{shown(token.text)}”" if token.text else "at the end"
        return self.error(f"a number, a name or a bracket is missing {where}", token)

    def unclosed(self) -> FormulaError:
        token = self.open[-1]
        return self.error(f"the {'bar' if token.kind == '|' else 'bracket'} “{token.kind}” is never closed", token)

    def bracket(self, opening: Token) -> int:
        """What stands between brackets or bars, the first of them taken already."""
        self.open.append(opening)
        node = self.sum()
        self.close()
        return self.node("absolute", node) if opening.kind == "|" else node

    def close(self) -> None:
        wanted = ")" if self.open[-1].kind == "(" else "|"
        if self.token.kind == ",":
            raise self.comma()
        if self.token.kind != wanted:
            raise self.unclosed()
        self.open.pop()
        self.take()

    def call(self, function: Token) -> int:
        name = function.text
        operation = "sqrt" if function.kind == "√" else str(function.meaning)
        exponent = self.exponent_of(name) if function.kind == "function" else 0.0
        if operation in ("minimum", "maximum"):
            node = self.several(name, operation, function)
        elif self.token.kind == "(" or self.token.kind == "|":
            node = self.node(operation, self.bracket(self.take()))
        else:
            node = self.node(operation, self.argument(function))
        return self.node("power", node, self.number(exponent)) if exponent else node

    def exponent_of(self, name: str) -> float:
        """The exponent between a function and its argument, as in sin²(x); 0 if there is none."""
        token = self.token
        if token.kind != "exponent" and token.meaning != "power":
            return 0.0
        self.take()
        exponent = token if token.kind == "exponent" else self.token
        value = exponent.meaning if exponent.kind in ("exponent", "number") else 0.0
        if isinstance(value, str) or value < 1 or value % 1:
            raise self.error(f"for any exponent but a whole number from 1 on, write {name}(…)^(…)", exponent)
        if exponent is not token:
            self.take()
        return value

    def several(self, name: str, operation: str, function: Token) -> int:
        """The arguments of min and max: two or more."""
        few = f"“{name}” needs at least two numbers in brackets: {name}(…, …)"
        if self.token.kind != "(":
            raise self.error(few, function)
        self.open.append(self.take())
        node = self.sum()
        if self.token.kind == ")":
            raise self.error(few, function)
        while self.token.kind == ",":
            self.take()
            node = self.node(operation, node, self.sum())
        self.close()
        return node

    def argument(self, function: Token) -> int:
        """The argument of a function without brackets."""
        first = self.token
        if first.kind == "operator":
            raise self.missing(first)
        if function.kind == "function" and first.kind == "number" and first.at == function.at + len(function.text):
            raise self.error(f"between “{function.text}” and a digit there must be a bracket or a space", first)
        if function.kind == "√":
            node = self.operand()
            unclear = self.begins() or self.token.kind == "exponent" or self.token.meaning == "power"
        else:
            node = self.sum(NEGATIVE)
            while first.kind in BARE and self.token.kind == "name":
                node = self.beside(node, NEGATIVE)
            unclear = self.begins() and (first.kind not in BARE or self.token.kind != "function")
        if unclear:
            sentence = f"what belongs to “{function.text}” is unclear from here on: use brackets, {function.text}(…)"
            raise self.error(sentence, self.token)
        return node
