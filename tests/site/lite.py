"""JupyterLite in place of JupyterLab: the same commands, one notebook a page, its kernel in the browser."""

from tests.browser.jupyter import CODE_CELL, SESSION, JupyterLab
from tests.browser.stage import Stage

SECONDS = 300  # the longest wait: Python itself has to start in the browser

# The site's settings, as fetched, with the app where tests reach it: window.jupyterapp.
EXPOSE = """
const fetched = window.fetch;
window.fetch = async (...request) => {
  const response = await fetched(...request);
  if (!`${request[0].url ?? request[0]}`.includes('jupyter-lite.json')) return response;
  const settings = await response.json();
  (settings['jupyter-config-data'] ??= {}).exposeAppInBrowser = true;
  return new Response(JSON.stringify(settings));
};
"""
CELLS = "jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')"


class Lite(JupyterLab):
    """A page of the site's notebook app."""

    seconds = SECONDS

    def __init__(self, page, address: str):
        self.page, self.address, self.name = page, address, None
        page.set_default_timeout(1000 * SECONDS)
        page.add_init_script(EXPOSE)

    def open(self, name: str, ready=True):
        """Open a notebook; if `ready`, wait until Python is there."""
        self.name = name
        self.page.goto(f"{self.address}/notebooks/index.html?path={name}")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context")
        self.page.locator(CODE_CELL).first.wait_for()
        if ready:
            self.page.wait_for_function(f"() => {SESSION}.session?.kernel?.status === 'idle'")

    def outputs(self) -> list:
        """The outputs of all code cells, as they would be saved."""
        return self.page.evaluate(f"() => {CELLS}.map(cell => cell.model.outputs.toJSON())")

    def run_first(self, *parts: str) -> Stage:
        """Run the set-up cell, and the first other cell that says all of `parts` and shows a lab."""
        sources = self.page.evaluate(f"() => {CELLS}.map(cell => cell.model.sharedModel.getSource())")
        self.run(0)
        return self.run_lab(next(i for i, source in enumerate(sources) if i and all(part in source for part in parts)))

    def run_code(self, code: str) -> str:
        """What a new first cell with this code prints."""
        self.page.evaluate(
            f"code => {{ const [cell] = {CELLS}; cell.model.sharedModel.setSource(code); }}",
            code,
        )
        self.start(0)
        self.page.wait_for_function("() => window.running === null")
        (outputs, *_) = self.outputs()
        return "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs)
