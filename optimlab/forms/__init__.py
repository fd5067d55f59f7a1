"""Forms that a learner fills in: what predictions, explanations and questions that come back share.

The JavaScript and the style of the forms lie here (``forms.js``, ``predict.js``, ``why.js``, ``forms.css``), and the
picture that stands for a form on paper (`optimlab.forms.picture`).
"""

from pathlib import Path

__all__ = ["FORMS", "STYLE"]

FORMS = Path(__file__).parent
STYLE = (FORMS / "forms.css").read_text("utf-8")
