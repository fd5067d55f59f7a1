"""Every exercise: its solution passes, a plausible mistake gets a hint, and nothing a learner types raises."""

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optimlab import check, networks
from optimlab.exercises import NOTEBOOKS, Unreadable, exercises_of, known_exercises, number
from optimlab.optimizers import Optimizer
from optimlab.problems import diabetes

FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("name", known_exercises())
def test_the_solution_passes_and_the_plausible_mistake_gets_a_hint(name):
    exercise = exercises_of(name)[name]
    assert check(name, exercise.solution).right is True, check(name, exercise.solution)
    mistaken = check(name, exercise.wrong)
    assert mistaken.right is False
    assert len(str(mistaken)) > len(f"{name} not yet. ") + 20  # a hint, not just "wrong"
    assert "could not be used" not in str(mistaken)  # a wrong answer, not an unreadable one


@pytest.mark.parametrize("name", known_exercises())
@pytest.mark.parametrize("unanswered", [None, ...])
def test_an_unanswered_exercise_says_so(name, unanswered):
    verdict = check(name, unanswered)
    assert str(verdict) == f"{name} not answered yet."
    assert verdict.right is None


def broken(*arguments, **options):
    raise RuntimeError("my function is not finished")


NONSENSE = [
    "",
    "x",
    float("nan"),
    float("inf"),
    -1,
    1e308,
    [],
    {},
    (),
    object(),
    np.zeros(3),
    np.array([]),
    int,
    broken,
]


@pytest.mark.parametrize("name", known_exercises())
def test_no_answer_raises(name):
    for answer in [*NONSENSE, lambda: None, lambda *a: a, lambda *a: ..., True, 1j, b"b", [[1, 2], [3]]]:
        verdict = check(name, answer)
        assert "Traceback" not in str(verdict)
        assert str(verdict).startswith(name)


@pytest.mark.parametrize("name", ["99.1", "03.99", "", "three", None, 3.1])
def test_an_unknown_exercise_is_named_with_those_that_exist(name):
    assert known_exercises()[0] in str(check(name, 1))


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_every_exercise_stands_in_its_notebook_with_a_solution(number):
    (path,) = FOLDER.glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    asked = re.findall(r'check\("(\d\d\.\d)"', text)
    assert asked == list(exercises_of(f"{number}.1"))
    assert text.count("<summary>Solution</summary>") == len(asked)


def written_solutions():
    """(exercise, the code of its cell, the code of the solution below it), as the notebooks show them."""
    for path in sorted(FOLDER.glob("[0-9]*.ipynb")):
        cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
        for cell, below in pairwise(cells):
            for name, asked in re.findall(r'^check\("(\d\d\.\d)", (\w+)', cell, re.MULTILINE):
                solution = below.split("</details>")[0]
                code = re.findall(r"```python\n(.*?)```", solution, re.DOTALL) or re.findall(
                    "`(answer = .*?)`", solution
                )
                yield pytest.param(name, cell.split("check(", 1)[0], "\n".join(code), asked, id=name)


WRITTEN = list(written_solutions())


def test_every_exercise_has_a_solution_to_run():
    assert [part.id for part in WRITTEN] == known_exercises()


@pytest.mark.parametrize("name, cell, code, asked", WRITTEN)
def test_the_solution_that_a_learner_reads_is_right(name, cell, code, asked, capsys):
    """Run as a learner would who has run the notebook so far: the cell with the solution in place of its answer."""
    space = {"np": np, "diabetes": diabetes, "Optimizer": Optimizer, "log_softmax": networks.log_softmax}
    before, named = (
        re.sub(r"^answer = \.\.\..*", "", cell, flags=re.MULTILINE),
        re.findall("answer = [A-Za-z]\\w*", cell),
    )
    exec("\n".join([before, code, *named]), space)
    verdict = check(name, space[asked])
    assert verdict.right is True, verdict


# Near misses, made for every exercise: right answers are right, and what is close to them is not

SOLUTIONS = {name: exercises_of(name)[name].solution for name in known_exercises()}
NUMBERS = [name for name, answer in SOLUTIONS.items() if isinstance(answer, int | float)]
LETTERS = [name for name, answer in SOLUTIONS.items() if isinstance(answer, str)]
WHOLE = [name for name in NUMBERS if isinstance(SOLUTIONS[name], int)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("factor", [-1, 0, 0.1, 0.5, 0.9, 1.1, 2, 10, 100])
def test_a_number_that_is_a_tenth_off_or_more_is_not_right(name, factor):
    assert check(name, SOLUTIONS[name] * factor).right is False


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "as_answered", [float, np.float64, lambda x: np.array([x]), str, lambda x: [x], lambda x: f" {x!r} "]
)
def test_a_number_is_read_in_any_form(name, as_answered):
    assert check(name, as_answered(SOLUTIONS[name])).right is True


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_told_so_and_not_right(name, value):
    assert check(name, value).right is False


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("off", [-2, 2])
def test_a_whole_number_is_not_right_a_little_beside_itself(name, off):
    assert check(name, SOLUTIONS[name] + off).right is False


@pytest.mark.parametrize("name", LETTERS)
def test_of_all_letters_and_words_that_hold_it_only_the_letter_is_right(name):
    right = SOLUTIONS[name]
    for answer in (right, right.upper(), f"({right})", f" {right}. "):
        assert check(name, answer).right is True, answer
    wrong = [letter for letter in "abcdef" if letter != right]
    for answer in [*wrong, "".join(sorted({right, *wrong[:2]})), right * 2, f"{right} or {wrong[0]}"]:
        assert check(name, answer).right is False, answer


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_must_be_finite_even_where_every_finite_one_is_right(value):
    test = number(-np.inf, np.inf, "more", "less")
    assert test(1e300) is None
    with pytest.raises(Unreadable, match="finite number"):
        test(value)


BUDGETS = [(0.2, 16), (0.1, 16), (0.05, 16), (0.02, 16), (0.2, 4), (0.4, 20), (0.3, 64), (0.5, 32), (0.01, 2)]


@pytest.mark.parametrize("answer", BUDGETS)
def test_the_budget_of_02_6_is_what_it_says(answer):
    """At most 100 steps and 2000 gradients; L − min L at most 0.01 at the end, the mean of 9 seeds and 10 steps."""
    lr, size = answer
    problem, steps = diabetes(), min(100, 2000 // size)
    X = problem.design
    ends = []
    for seed in range(9):
        theta, batches, losses = np.zeros(2) + problem.start, problem.minibatch(size, seed), []
        for k in range(steps):
            rows = batches.rows(k)
            theta = theta - lr * (X[rows] @ theta - problem.y[rows]) @ X[rows] / len(rows)
            losses.append(np.mean((X @ theta - problem.y) ** 2) / 2)
        ends.append(np.mean(losses[-10:]))
    assert check("02.6", answer).right is bool(np.mean(ends) - problem.minimum <= 0.01)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("answer", ["two", "", [1, 2], {}, True, 1j, [[1, 2]], print, "1e999"])
def test_what_is_no_number_is_told_so_in_our_words(name, answer):
    verdict = check(name, answer)
    assert verdict.right is False
    assert re.search(r"single number|finite number|quotes|two numbers|one number", str(verdict)), verdict
    assert "could not be used" not in str(verdict)


def test_a_letter_that_is_no_text_is_asked_for_in_quotes():
    for name in LETTERS:
        assert "in quotes" in str(check(name, 2))
    assert check("03.4", "Keras").right is True
    assert "PyTorch multiplies" in str(check("03.4", "PyTorch"))


@pytest.mark.parametrize("answer", [(0.2, 0.9), (0.05, 0.9), (0.08, 0.99), (0.1, 0.9), (0.03, 0.99), (0.15, 0.99)])
def test_the_hint_of_04_6_points_to_where_it_gets_better(answer):
    from optimlab.exercises.n04 import excess_after

    verdict = str(check("04.6", answer))
    lr, alpha = answer
    way = {"larger η₀": (1.1 * lr, alpha), "smaller η₀": (lr / 1.1, alpha)}
    way |= {"larger α": (lr, 1 - (1 - alpha) / 1.2), "smaller α": (lr, 1 - (1 - alpha) * 1.2)}
    (told,) = [where for words, where in way.items() if words in verdict]
    assert excess_after(*told) < excess_after(*answer)


def test_a_number_that_was_only_rounded_is_not_blamed_for_its_exponent():
    assert "rounded" in str(check("04.1", 0.063)) and "rounded" in str(check("04.1", 0.06))
    assert "Almost" in str(check("02.3", 172.7))


def two_layers(slope=True, mean=True, sign=1.0, sum_loss=False):
    """A learner's network of 06.7, with one of the usual mistakes."""

    def network(W1, b1, W2, b2, X, y):
        a = np.maximum(X @ W1 + b1, 0)
        log_p = networks.log_softmax(a @ W2 + b2)
        loss = -log_p[np.arange(len(y)), y].mean() * (len(y) if sum_loss else 1)
        delta = sign * (np.exp(log_p) - np.eye(3)[y]) / (len(y) if mean else 1)
        back = (delta @ W2.T) * ((a > 0) if slope else 1)
        return loss, X.T @ back, back.sum(axis=0), a.T @ delta, delta.sum(axis=0)

    return network


@pytest.mark.parametrize("mistake, says", [
    ({"slope": False}, "ReLU's slope"), ({"mean": False}, "sums over the batch"), ({"sign": -1.0}, "sign is turned"),
    ({"sum_loss": True}, "it should be the mean"),
])  # fmt: skip
def test_the_hint_of_06_7_names_the_mistake(mistake, says):
    assert check("06.7", two_layers()).right is True
    verdict = check("06.7", two_layers(**mistake))
    assert verdict.right is False and says in str(verdict)


def test_06_7_prints_what_the_learner_prints_once(capsys):
    def chatty(*arguments):
        print("here")
        return two_layers()(*arguments)

    assert check("06.7", chatty).right is True
    assert capsys.readouterr().out.count("here") == 1


@pytest.mark.parametrize("name", ["06.3", "06.6"])
def test_an_optimizer_that_ignores_schedules_is_told_so(name):
    def with_lr(step):
        return type("Mine", (Optimizer,), {"init": lambda self, theta: {"m": 0 * theta}, "step": step})

    def momentum(self, theta, grad, state, k):
        m = 0.9 * state["m"] + self.lr * grad(theta)
        return theta - m, {"m": m}

    def lion(self, theta, grad, state, k):
        g, m = grad(theta), state["m"]
        return theta - self.lr * np.sign(0.9 * m + 0.1 * g), {"m": 0.99 * m + 0.01 * g}

    verdict = check(name, with_lr(momentum if name == "06.3" else lion))
    assert verdict.right is False and "self.rate(k)" in str(verdict)


def test_04_4_calls_the_function_few_times():
    calls = []

    def warm_cosine(k, lr, warmup_steps, total_steps):
        calls.append(k)
        if k < warmup_steps:
            return lr * k / warmup_steps
        return lr * (1 + np.cos(np.pi * (k - warmup_steps) / (total_steps - warmup_steps))) / 2

    assert check("04.4", warm_cosine).right is True
    assert len(calls) < 15
