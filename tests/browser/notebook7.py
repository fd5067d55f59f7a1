"""Notebook 7 in place of JupyterLab: the same commands, each notebook alone on its page."""

from .jupyter import JupyterLab

OWN_TROUBLE = "TypeError: Cannot read properties of undefined (reading 'schema')"  # of 7.6, now and then, as it loads


class Notebook7(JupyterLab):
    """A page of Notebook 7."""

    def enter(self):
        self.page.goto(f"{self.server.url}tree?token={self.server.token}")

    def show(self, name: str, subshells: bool):
        self.page.goto(f"{self.server.url}notebooks/{name}")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.context")

    def trouble(self) -> list[str]:
        self.guard.forget(OWN_TROUBLE)
        return super().trouble()
