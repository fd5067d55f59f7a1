"""The README's Python runs as it stands there, and its table names the notebooks that exist."""

import re
from pathlib import Path

from tools.site.index import ROW

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_code_of_the_readme_runs(capsys):
    names = {"__name__": "readme"}
    for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL):
        exec(block, names)
    assert "settles" in capsys.readouterr().out
    assert "SignMomentum" in repr(names["race"](names["ravine"](), names["SignMomentum"](lr=0.05)))
    assert names["history"].test_accuracy[-1] > 0.9


def test_the_table_names_every_notebook_and_every_file_it_links_to_exists():
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT))
    assert notebooks <= links
    assert {f"notebooks/{row['file']}" for row in ROW.finditer(TEXT)} == notebooks  # the site's front page reads them
    assert all((ROOT / link).exists() for link in links), [link for link in links if not (ROOT / link).exists()]
