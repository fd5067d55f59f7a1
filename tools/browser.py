"""A Chromium for the browser tests: one that is there, else Playwright's download, else Debian's package.

``python -m tools.browser`` gets one and prints where it is; tests ask ``find_chromium()``.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 600  # for a slow connection; a closed one gives up long before, see below
HOW_TO = (
    "The browser tests need Chromium: install it (on Debian: sudo apt install chromium), "
    "or set CHROMIUM=/path/to/chrome, then run make again."
)


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome that runs, or None. The variable CHROMIUM, if set, decides alone."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen if runs(chosen) else None
    candidates = [path for name in NAMES if (path := shutil.which(name))]
    return next((path for path in candidates if runs(path)), None) or find_playwrights()


def found_chromium() -> str:
    """The path of a Chromium that runs; without one, the program ends with what to install.

    Ask before Playwright is running: it may have to be started for the answer.
    """
    path = find_chromium()
    if path is None:
        raise SystemExit(HOW_TO)
    return path


def find_playwrights() -> str | None:
    """The path of the Chromium that Playwright has downloaded earlier, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if runs(path) else None


def runs(path: str) -> bool:
    """Whether it starts: Ubuntu's chromium-browser may be an empty shell, a download may lack libraries."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def download() -> None:
    """Let Playwright fetch its Chromium; its libraries come from Debian, so only root can add them."""
    command = [sys.executable, "-m", "playwright", "install", "chromium", "--no-shell"]
    if is_debian_root():
        command.append("--with-deps")
    attempt(command, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT="10000")


def install_debians() -> None:
    """As root, install Debian's package."""
    if is_debian_root():
        attempt(["apt-get", "-qq", "update"])
        attempt(["apt-get", "-qq", "install", "-y", "chromium"], DEBIAN_FRONTEND="noninteractive")


def is_debian_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def attempt(command: list[str], **environment: str) -> None:
    """Run a command that may fail; whether it helped is seen by looking for the browser again."""
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            command,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=DOWNLOAD_SECONDS,
        )


def main() -> int:
    """Print the browser's path; if there is none, get one; if none can be had, say what to install."""
    path = find_chromium()
    if path is None and not os.environ.get("CHROMIUM"):
        for what, get in (("Playwright's Chromium", download), ("Debian's chromium", install_debians)):
            print(f"No browser here yet: trying {what} …", flush=True)
            get()
            if path := find_chromium():
                break
    if path is None:
        print(HOW_TO, file=sys.stderr)
        return 1
    print(f"Browser for the tests: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
