"""A real terminal of a test's own: a tmux server on a socket in a private directory, with one shell in it.

What is typed reaches the program through a pseudo-terminal, and what it draws is read back as a person sees it. A
session ends with the test, and with it whatever was started in it.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.disks import lack
from tests.support.sources import PACKAGES, ROOT

#: Long enough for a loaded machine, short enough for a hanging program to be found.
SECONDS_MAX = 40
PROMPT = "ready> "

#: What a terminal is like that knows no letters but ASCII.
ASCII_ONLY = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@dataclass(frozen=True)
class Modes:
    """What a program may have left behind.

    Attributes:
        alternate: whether the other screen is shown, which full-screen programs draw on.
        cursor: whether the cursor is shown.
        mouse: whether the mouse is reported to the program.
    """

    alternate: bool
    cursor: bool
    mouse: bool


class Terminal:
    """A shell in a terminal; from `terminal`."""

    def __init__(self, directory: Path, *, term: str, environment: Mapping[str, str | None]) -> None:
        """Say where, and what it is like; it does not run yet."""
        self._socket = directory / "tmux"
        self._settings = directory / "tmux.conf"
        self._shell: int | None = None
        self._gone = False
        profile = directory / "profile"
        profile.write_text(f"PS1='{PROMPT}'\n")
        self._settings.write_text(
            f"set -g default-terminal {term}\nset -g status off\nset -g escape-time 0\nset -g history-limit 2000\n"
            "set -g focus-events on\n"
        )
        inherited = {
            name: text for name, text in os.environ.items() if not name.startswith(("TMUX", "COV", "NO_COLOR"))
        }
        wanted = {
            "ENV": str(profile),
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([*(str(ROOT / folder) for folder in PACKAGES), str(ROOT)]),
            **environment,
        }
        self._environment = {name: text for name, text in (inherited | wanted).items() if text is not None}

    def start(self, columns: int, lines: int) -> None:
        """Run a shell, and wait for its prompt."""
        self._tmux("-f", str(self._settings), "new-session", "-d", "-x", str(columns), "-y", str(lines), "/bin/sh")
        self._shell = int(self._tell("#{pane_pid}"))
        self.wait_for(PROMPT.strip())

    def run(self, *command: str | Path) -> None:
        """Type a command line and Enter; it is not waited for."""
        self.write(shlex.join(map(str, command)))
        self.press("Enter")

    def write(self, text: str) -> None:
        """Type some text."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: `q`, `F1`, `C-p`, `Escape`, `Enter`, `Down`."""
        self._tmux("send-keys", "--", *keys)

    def resize(self, columns: int, lines: int) -> None:
        """Make it wider, or higher, as a person with a mouse does."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def screen(self, *, colours: bool = False) -> str:
        """What is on the screen now, line by line; `colours` adds the escape sequences."""
        return self._tmux("capture-pane", "-p", *(("-e",) if colours else ())).rstrip("\n")

    def modes(self) -> Modes:
        """What state the terminal is in."""
        alternate, cursor, mouse = self._tell("#{alternate_on} #{cursor_flag} #{mouse_any_flag}").split()
        return Modes(alternate == "1", cursor == "1", mouse == "1")

    def title(self) -> str:
        """What the window is called: whatever a program has said."""
        return self._tell("#{pane_title}")

    def wait_for(self, *texts: str, seconds: float = SECONDS_MAX) -> str:
        """Wait until all of some texts are on the screen; the screen."""
        return self.wait_until(lambda screen: all(text in screen for text in texts), f"{texts} to show", seconds)

    def wait_until(self, condition: Callable[[str], bool], what: str, seconds: float = SECONDS_MAX) -> str:
        """Wait until the screen is as it should be; the screen.

        Args:
            condition: whether a screen is so.
            what: is waited for, for the message if it doesn't come.
            seconds: at most.
        """
        deadline = time.monotonic() + seconds
        while not condition(screen := self.screen()):
            assert time.monotonic() < deadline, f"waited in vain for {what}; the screen:\n{screen}"
            time.sleep(0.05)
        return screen

    def wait_for_prompt(self) -> str:
        """Wait until the shell is back; the screen."""
        return self.wait_until(lambda screen: screen.rstrip().endswith(PROMPT.strip()), "the prompt")

    def children(self) -> list[int]:
        """The processes that were started here and still live, the shell left out."""
        assert self._shell is not None
        return [pid for pid in session_members(self._shell) if pid != self._shell]

    def vanish(self) -> None:
        """Close the window: what runs in it is told so, as by any terminal. Then there is nothing but `close`."""
        self._tmux("kill-server")
        self._gone = True

    def close(self) -> None:
        """End the session and everything that was started in it."""
        if self._shell is None:
            return
        started = session_members(self._shell)
        if not self._gone:
            self._tmux("kill-server")
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _tell(self, wanted: str) -> str:
        return self._tmux("display-message", "-p", wanted).strip()

    def _tmux(self, *arguments: str) -> str:
        command: Sequence[str | Path] = ["tmux", "-u", "-S", self._socket, *arguments]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, timeout=SECONDS_MAX, check=False, encoding="utf-8"
        )
        assert done.returncode == 0, f"{arguments[0]}: {done.stderr}"
        return done.stdout


@contextmanager
def terminal(
    *,
    columns: int = 80,
    lines: int = 24,
    term: str = "tmux-256color",
    environment: Mapping[str, str | None] = {},
) -> Iterator[Terminal]:
    """A terminal with a shell in it, gone at the end.

    Args:
        columns: its width.
        lines: its height.
        term: what it says it is.
        environment: variables beside the test's own, None for those that shall not be there.
    """
    if shutil.which("tmux") is None:
        lack("tmux is not installed: apt-get install tmux")
    with tempfile.TemporaryDirectory(prefix="actum-tmux-", dir="/tmp") as directory:  # a short path, for its socket
        made = Terminal(Path(directory), term=term, environment=environment)
        try:
            made.start(columns, lines)
            yield made
        finally:
            made.close()


def session_members(leader: int) -> list[int]:
    """The processes of a session, its leader first."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it has ended meanwhile
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
    return sorted(found, key=lambda pid: pid != leader)
