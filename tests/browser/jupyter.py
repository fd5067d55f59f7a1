"""A JupyterLab of our own: its server, a page of it, and a guard that watches what the page does."""

import json
import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Page

from .stage import Stage

SECONDS = 180  # the longest wait for anything; a slow machine is no failure

CODE_CELL = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell"

# JupyterLab's own: what it has asked a kernel's debugger, and that the kernel did not answer before it went.
OWN_TROUBLE = "Could not restore the debugger state: Canceled future for debug_request message"

# ipywidgets' own: its manager says that it has restored a notebook's widgets when only the kernel's were asked for
# (a kernel that connects while the notebook is still being read), and then does not look again.
# Opened once more, the notebook shows them (ipywidgets issue 2225 and its like).
NOT_RESTORED = "widget model not found"

# The status of the kernel as JupyterLab sees it, in the notebook in front.
SESSION = "jupyterapp.shell.currentWidget?.context?.sessionContext"

# A learner's settings, less what would ask the network or cover the notebook.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"recordTiming": False},
}

FLAGS = (
    "--no-browser",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",  # any that is free
    "--ServerApp.terminals_enabled=False",
    "--LabApp.expose_app_in_browser=True",  # window.jupyterapp: the commands behind JupyterLab's menus
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",  # it would ask a package index
    "--LabApp.news_url=",
    "--LanguageServerManager.autodetect=False",
)


class Server:
    """JupyterLab (or Notebook 7) on a free port of 127.0.0.1, with configuration, settings and trust of its own."""

    def __init__(self, folder: Path, app="jupyterlab"):
        self.root = folder / "notebooks"
        self.runtime = folder / "runtime"
        self.log = folder / "log.txt"
        self.root.mkdir()
        for name, content in SETTINGS.items():
            file = folder / "settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content))
        token = secrets.token_hex()
        command = [sys.executable, "-m", app, *FLAGS, f"--ServerApp.root_dir={self.root}"]
        command.append(f"--IdentityProvider.token={token}")
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env=private(folder), stdout=log, stderr=subprocess.STDOUT)
        self.url = self.wait()
        self.token = token

    def wait(self) -> str:
        """The server's address, once it has written down that it listens."""
        file = self.runtime / f"jpserver-{self.process.pid}.json"
        for _ in range(10 * SECONDS):
            if self.process.poll() is not None:
                break
            if file.exists() and (written := file.read_text()).endswith("}"):  # it is there before it is written
                return json.loads(written)["url"]
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def stop(self):
        """It ends its kernels too."""
        self.process.terminate()
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def write(self, name: str, *cells: str):
        """A small notebook with these cells, not yet run."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, self.root / name)

    def read(self, name: str):
        return nbformat.read(self.root / name, as_version=4)


def private(folder: Path) -> dict:
    """The environment, with folders of its own for all that Jupyter and IPython read and write."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER", "IPYTHON"))}
    places = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    return environment | {name: str(folder / place) for name, place in places.items()}


class Guard:
    """Writes down each error on the page's console, each uncaught exception, and each request to another machine."""

    def __init__(self, page: Page):
        self.found = []
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.found.append(f"uncaught on the page: {error.stack or error}"))
        page.on("request", lambda request: self.see(request.url))
        page.on("websocket", lambda socket: self.see(socket.url))

    def hear(self, message):
        if message.type == "error":
            self.found.append(f"error on the console: {message.text} ({message.location.get('url', '')})")

    @contextmanager
    def expecting(self, part: str):
        """An error on the console that must come, and may."""
        yield
        found = [trouble for trouble in self.found if part in trouble]
        assert found, f"no {part!r} on the console"
        self.forget(part)

    def forget(self, part: str):
        """An error on the console that is not ours."""
        self.found = [trouble for trouble in self.found if part not in trouble]

    def see(self, url):
        parts = urlsplit(url)
        if parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost"):
            return
        self.found.append(f"request to another machine: {url}")


class JupyterLab:
    """A page of JupyterLab with at most one notebook open."""

    seconds = SECONDS

    def __init__(self, page: Page, server: Server):
        self.page, self.server = page, server
        self.guard = Guard(page)
        self.name = None
        page.set_default_timeout(1000 * SECONDS)
        self.enter()

    def enter(self):
        self.page.goto(f"{self.server.url}lab?reset&token={self.server.token}")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget")
        self.page.evaluate("async () => { await jupyterapp.restored; jupyterapp.shell.collapseLeft(); }")

    def show(self, name: str, subshells: bool):
        """Open a notebook, and wait for nothing."""
        self.page.evaluate(
            "mode => { jupyterapp.serviceManager.kernels.commsOverSubshells = mode; }",
            "perCommTarget" if subshells else "disabled",
        )
        self.page.evaluate("path => void jupyterapp.commands.execute('docmanager:open', {path})", name)

    # -------------------------------------------------------------------------------------- notebooks and cells

    def open(self, name: str, subshells=True):
        """Open a notebook with a kernel of its own; the one that was open goes, with its kernel.

        Since 4.4, JupyterLab lets a new kernel answer widgets from a second thread, while a cell runs
        ("comms over subshells"). Without subshells it can't, as on Colab and with every older kernel.
        """
        self.close()
        self.name = name
        self.show(name, subshells)
        self.page.wait_for_function(
            f"path => {SESSION}?.path === path && {SESSION}.session?.kernel?.status === 'idle'", arg=name
        )
        self.page.locator(CODE_CELL).first.wait_for()
        # The kernel answers labs too: what goes wrong there is shown in no cell, and what was asked in none.
        self.page.evaluate(
            f"""() => {{
                window.tracebacks = [];
                window.requests = [];
                {SESSION}.iopubMessage.connect((_, message) => {{
                    if (message.header.msg_type === 'error') window.tracebacks.push(message.content.evalue);
                }});
                {SESSION}.session.kernel.anyMessage.connect((_, {{msg, direction}}) => {{
                    const request = direction === 'send' && msg.content.data?.state?.request;
                    if (request) window.requests.push(request);
                }});
            }}"""
        )

    def reopen(self, name: str, index=0) -> Stage:
        """Open a notebook that was saved with its labs; the one of a cell, from what is saved."""
        for _ in range(6):
            self.open(name)
            lab = self.cell(index).locator(".optimlab-lab")
            lost = self.cell(index).get_by_text("Error displaying widget: model not found")
            lab.or_(lost).first.wait_for()
            if lab.is_visible():
                break
            self.guard.forget(NOT_RESTORED)
        return self.stage(index).wait_fresh()

    def close(self):
        if self.name is None:
            return
        self.page.evaluate(
            f"""async () => {{ const panel = jupyterapp.shell.currentWidget;
                await {SESSION}.shutdown(); panel.dispose(); }}"""
        )
        self.name = None

    def save(self):
        self.page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")

    def set_theme(self, theme: str):
        """The theme that the Settings menu offers under this name."""
        self.page.evaluate(
            "async theme => { await jupyterapp.commands.execute('apputils:change-theme', {theme}); }", theme
        )
        self.page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        # JupyterLab removes its curtain twice if the theme changes again before it is gone.
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def cell(self, index: int):
        return self.page.locator(CODE_CELL).nth(index)

    def stage(self, index: int) -> Stage:
        """The stage that a cell shows."""
        return Stage(self.cell(index).locator(".optimlab-lab"))

    def start(self, index: int):
        """Run a cell, and do not wait for its end."""
        self.page.evaluate(
            """index => {
                const notebook = jupyterapp.shell.currentWidget.content;
                const codes = notebook.widgets.filter(cell => cell.model.type === 'code');
                notebook.activeCellIndex = notebook.widgets.indexOf(codes[index]);
                notebook.deselectAll();
            }""",
            index,
        )
        self.execute("notebook:run-cell")

    def execute(self, command: str):
        """Begin one of the notebook's commands; ``window.running`` is null when it has ended."""
        self.page.evaluate(
            """command => {
                const running = window.running = jupyterapp.commands.execute(command)
                    .then(() => { if (window.running === running) window.running = null; });
            }""",
            command,
        )

    def run(self, index: int):
        """Run a cell to its end; it must not print an error."""
        self.start(index)
        self.page.wait_for_function("() => window.running === null")
        errors = self.cell(index).locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts()
        assert not errors, "\n".join(errors)

    def run_all(self):
        """Run all cells; stops where a cell raises, as JupyterLab does."""
        self.execute("notebook:run-all-cells")
        self.page.wait_for_function("() => window.running === null", timeout=1000 * max(1800, self.seconds))

    def errors(self) -> list[str]:
        """The errors that stand in the notebook's outputs, and what was written to stderr."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')
                .flatMap(cell => cell.model.outputs.toJSON())
                .filter(output => output.output_type === 'error' || output.name === 'stderr')
                .map(output => output.evalue ?? output.text)"""
        )

    def unrun(self) -> list[str]:
        """The code cells that have not been run."""
        return self.page.evaluate(
            """() => jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.getSource().trim())
                .filter(cell => !(cell.model.executionCount > 0))
                .map(cell => cell.model.sharedModel.getSource())"""
        )

    def stages(self) -> list[Stage]:
        """All labs of the notebook that are shown."""
        return [Stage(root) for root in self.page.locator(f"{CODE_CELL} .optimlab-lab:visible").all()]

    def run_lab(self, index: int) -> Stage:
        """Run a cell that ends with a lab; the lab starts anew, as its cell says."""
        self.run(index)
        return self.stage(index).wait_fresh()

    def clear(self, index: int):
        """Clear a cell's output."""
        self.page.evaluate(
            """index => jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code')[index].model.clearExecution()""",
            index,
        )

    def prompt(self, index: int) -> str:
        return self.cell(index).locator(".jp-InputPrompt").inner_text().replace("\xa0", "").strip()

    def text(self, index: int) -> str:
        """What a cell has printed."""
        return "".join(self.cell(index).locator(".jp-OutputArea-output").all_inner_texts()).strip()

    # -------------------------------------------------------------------------------------- the kernel

    @contextmanager
    def cell_runs(self, index: int):
        """The kernel works on a cell (one of `BUSY`) all the while; that it really did is checked at the end."""
        hold = self.server.root / "hold"
        hold.touch()
        try:
            self.start(index)
            self.page.wait_for_function(
                """([selector, index]) => document.querySelectorAll(selector)[index]
                    .querySelector('.jp-InputPrompt').innerText.includes('*')""",
                arg=[CODE_CELL, index],
            )
            yield
            assert self.prompt(index) == "[*]:", "the cell did not run to the end of the test"
        finally:
            hold.unlink()
        self.wait_idle()

    @contextmanager
    def busy(self, index: int):
        """As `cell_runs`, in a notebook without subshells: the kernel can do nothing else."""
        with self.cell_runs(index):
            self.page.wait_for_function(f"() => {SESSION}.session.kernel.status === 'busy'")
            yield
            assert self.kernel_status() == "busy"

    def restart(self):
        """Restart the kernel, with the button of the toolbar."""
        button = "jp-button[data-command='notebook:restart-kernel'], [data-command='notebook:restart-kernel']"
        self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) :is({button})").first.click()
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")
        self.page.evaluate(f"async () => {{ await {SESSION}.session.kernel.info; }}")
        self.wait_idle()

    def interrupt(self):
        """Interrupt the kernel, with the stop button of the toolbar."""
        button = "[data-command='notebook:interrupt-kernel']"
        self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {button}").first.click()

    def kernel_status(self) -> str:
        return self.page.evaluate(f"() => {SESSION}.session.kernel.status")

    def wait_idle(self):
        self.page.wait_for_function(f"() => {SESSION}.session?.kernel?.status === 'idle'")

    def requests(self) -> int:
        """How often the labs have asked the kernel since the notebook was opened."""
        return self.page.evaluate("() => window.requests.length")

    def rests(self) -> int:
        """How often a lab has told the kernel that its controls have come to rest."""
        return self.page.evaluate("() => window.requests.filter(request => request.rest).length")

    def wait_rest(self, before: int):
        """Wait until a lab has said so once more than `before`."""
        self.page.wait_for_function(
            "before => window.requests.filter(request => request.rest).length > before", arg=before
        )

    def trouble(self) -> list[str]:
        """What has gone wrong since this was asked before: on the page, or in the kernel while it answered a lab."""
        raised = self.page.evaluate("() => (window.tracebacks ?? []).splice(0)")
        self.guard.forget(OWN_TROUBLE)
        found = self.guard.found + [f"raised in the kernel: {error}" for error in raised]
        self.guard.found = []
        return found


# Cells that keep the kernel busy for as long as a test wants; the second for five seconds at least.
BUSY = "import pathlib, time\nwhile pathlib.Path('hold').exists():\n    time.sleep(0.02)"
FIVE_SECONDS = BUSY.replace("time\n", "time\ntime.sleep(5)\n")
