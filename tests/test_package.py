"""The package from outside: what it shows, what editors see of it, and the sentence for each extra that is missing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import optimlab
from optimlab.extras import needed

PACKAGE = Path(optimlab.__file__).parent
LABS, DATA = ("matplotlib", "ipywidgets", "anywidget"), ("sklearn", "threadpoolctl", "tqdm")
EXTRAS = (*LABS, *DATA, "mpl_toolkits", "traitlets", "IPython", "PIL", "psygnal", "scipy")

# Python without these packages, as if they were not installed.
WITHOUT = """\
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
"""
SETTING = """\
import numpy as np
from optimlab import Data, GradientDescent, Network, train
data = Data(np.eye(4), np.arange(4), np.eye(4), np.arange(4))
"""
CALL = "train(Network((4, 4)), data, GradientDescent(0.1), epochs=1, batch_size=4"


def python(code, missing=()):
    """What a new Python does that lacks the packages `missing`."""
    command = [sys.executable, "-c", WITHOUT.format(missing=set(missing)) + code]
    return subprocess.run(command, cwd=PACKAGE.parent, capture_output=True, text=True)


def error(code, missing) -> str:
    """The error that ends this code where the packages `missing` are not installed, in its last line."""
    done = python(code, missing)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


# Missing extras


@pytest.mark.parametrize(
    "code",
    ["optimlab.race", "from optimlab import race", "from optimlab.labs.race import race", "import optimlab.labs"],
)
def test_a_lab_without_the_labs_extra_says_what_to_install(code):
    line = "pip install 'optimlab[labs]'"
    sentence = f"ImportError: the labs need matplotlib, ipywidgets and anywidget: {line}"
    assert error(f"import optimlab\n{code}", EXTRAS) == sentence
    assert error(f"import optimlab\n{code}", ["anywidget"]) == f"ImportError: the labs need anywidget: {line}"


def test_every_lab_says_so_and_says_it_again():
    labs = [name for name, module in optimlab.LAZY.items() if module.startswith("labs.")]
    code = f"""
import optimlab
for name in {labs * 2}:
    try:
        getattr(optimlab, name)
    except ImportError as error:
        print(error)
"""
    sentence = "the labs need matplotlib, ipywidgets and anywidget: pip install 'optimlab[labs]'"
    assert python(code, LABS).stdout.splitlines() == [sentence] * 2 * len(labs)


@pytest.mark.parametrize("loader", ["digits", "diabetes", "breast_cancer"])
def test_data_without_scikit_learn_say_what_to_install_and_what_to_do_in_the_browser(loader):
    told = error(f"import optimlab\noptimlab.{loader}()", EXTRAS)
    assert "the data sets need scikit-learn: pip install 'optimlab[data]'; in the browser, run `import sklearn`" in told


def test_training_without_its_packages_says_what_to_install_each_time():
    bar = "ImportError: the progress bar needs tqdm: pip install 'optimlab[data]'"
    assert error(f"{SETTING}{CALL})", EXTRAS) == bar
    again = f"for _ in range(2):\n    try: {CALL}, progress=False)\n    except ImportError as error: print(error)"
    done = python(SETTING + again, EXTRAS)
    assert done.stdout.splitlines() == ["training needs threadpoolctl: pip install 'optimlab[data]'"] * 2, done.stderr


def test_all_but_labs_data_sets_and_training_work_on_numpy_alone():
    names = [name for name in optimlab.__all__ if not optimlab.LAZY.get(name, "").startswith("labs.")]
    code = (
        f"from optimlab import {', '.join(names)}\nfrom optimlab import schedules\n"
        "print(descend(ravine(kappa=20), Momentum(lr=0.05, gamma=0.9), steps=200))\n"
        "sweep(Noisy(ravine(), 0.1), Adam(), 'lr', [0.1, 0.2])\nshow(Adam.step)\ncheck('02.1', 1)"
    )
    done = python(code, EXTRAS)
    assert "settles" in done.stdout and done.returncode == 0, done.stderr


def test_only_a_package_that_is_not_installed_gets_the_sentence(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_module'$"):
        needed("labs", "the labs need", "broken_package")
    with pytest.raises(ImportError, match=r"^it needs no_such_module: pip install 'optimlab\[labs\]'$"):
        needed("labs", "it needs", "json", "no_such_module.part")
    assert needed("labs", "it needs", "json", "sys").dumps([]) == "[]"


# What it shows


@pytest.mark.parametrize("first", ["", "from optimlab.labs import race\nfrom optimlab.schedules import cosine_decay\n"])
def test_dir_shows_what_is_public_and_nothing_else(first):
    code = f"{first}import optimlab\nprint(*(name for name in dir(optimlab) if not name.startswith('__')))"
    assert python(code).stdout.split() == sorted(optimlab.__all__)


def test_editors_and_type_checkers_see_the_names_that_load_late():
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.asname: (node.module, alias.name) for node in block.body for alias in node.names}
    assert seen == {name: (module, name) for name, module in optimlab.LAZY.items()}
    assert (PACKAGE / "py.typed").read_bytes() == b""
