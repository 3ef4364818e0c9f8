"""What the dashboard may do to an engine, in words: what it is called, what will happen, and why it may not.

Each sentence says what happens before anybody agrees to it.
"""

from __future__ import annotations

from typing import NamedTuple

from actum.monitor import Action, Checkpoint, Hello, Rebuild, Release, RetryDeadLetter, RetryDeadline, RetryProcess

ENGINE_FIX = "Engine.open(..., monitor=True, admin=True)"


class Deed(NamedTuple):
    """An action, to be agreed to.

    Attributes:
        action: what is asked of the engine.
        title: what it is, as a question.
        sentence: what will happen.
        verb: what the button says.
    """

    action: Action
    title: str
    sentence: str
    verb: str


def deed_of(action: Action) -> Deed:
    """An action in words."""
    match action:
        case Rebuild(view):
            return Deed(
                action,
                f"Rebuild the view {view}?",
                "Its rows are made again from the whole log, beside the ones that are served, and take their place "
                "when they are complete. Commands and queries go on meanwhile, a little slower. If it fails, or the "
                "dashboard is closed before it is done, the rows stay as they are.",
                "rebuild",
            )
        case Checkpoint():
            return Deed(
                action,
                "Save a checkpoint?",
                "The engine saves its rows and states as they are now, so that the next opening is fast. Commands and "
                "queries go on meanwhile, and nothing else changes.",
                "save",
            )
        case RetryProcess(process, key):
            return Deed(
                action,
                f"Retry {process}/{key}?",
                "It reacts again to the event at which it failed, and then to all that has come since; the commands "
                "that it decides on are sent. If it fails again, it stands still again, and says why.",
                "retry",
            )
        case RetryDeadLetter(subscription, position):
            return Deed(
                action,
                f"Retry the dead letter of {subscription} at position {position:,}?",
                f"The handler of {subscription} is given this event again, out of its order, and does what it does, "
                "outside of the engine too. If it succeeds, the event is a dead letter no longer; else it stays one, "
                "with one attempt more.",
                "retry",
            )
        case RetryDeadline(deadline_id):
            return Deed(
                action,
                f"Retry the deadline {deadline_id}?",
                "Its command is sent again, at once, as it was scheduled. If it is refused again, it is shown here "
                "again.",
                "retry",
            )
        case Release(aggregate, key):
            return Deed(
                action,
                f"Release {aggregate}/{key}?",
                "It takes commands again. Its state is read from the log; nothing in the log changes. If its handlers "
                "still fail, it will be quarantined again.",
                "release",
            )


def reason_against(verb: str, kind: str, hello: Hello, *, writes: bool) -> str:
    """Why something can't be done here, and what to do; empty if it can.

    Args:
        verb: what is wanted.
        kind: of the source.
        hello: of the engine.
        writes: whether the dashboard was started with `--rw`.
    """
    if kind == "recording":
        return f"this is a recording, of what has been: to {verb} something, attach to the engine: actum ps"
    if kind == "store":
        return (
            f"this is a store's directory, which the dashboard only reads: to {verb} something, attach to its engine "
            "(actum ps), or use the verbs that mend a store while none runs: actum processes, deadlines, dead-letters"
        )
    if not writes:
        return f"the dashboard only looks: start it with --rw to {verb} something"
    if not hello.admin:
        return f"this engine takes no actions, so nothing can be done with --rw either: it needs {ENGINE_FIX}"
    return ""
