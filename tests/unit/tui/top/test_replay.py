"""The dashboard on a recording: the keys and the line that move it."""

from __future__ import annotations

from pathlib import Path

from actum_tui.top.recorder import Recorder
from actum_tui.top.recording import RecordingSource
from actum_tui.top.recording_format import Moment
from actum_tui.top.replay import Replay
from actum_tui.top.widgets.recording_line import RecordingLine
from textual.widgets import Input

from tests.support.moments import HELLO, SECOND_NS, moment
from tests.support.scenes import scene


def recorded(path: Path) -> Path:
    """A minute of a store whose name is hostile."""
    recorder = Recorder(path)
    recorder.write(Moment(hello=HELLO.__replace__(name="[@click=app.quit]x[/bad]\x1b[31m")), 0)
    for number in range(1, 61):
        recorder.write(moment(number), number * SECOND_NS)
    recorder.close()
    return path


@scene
async def test_keys_and_clicks_move_it(tmp_path: Path) -> None:
    """A moment, ten seconds, the ends, a place on the line; and while somebody types they are letters."""
    source = RecordingSource(recorded(tmp_path / "file"))
    await source.open()
    app = Replay(source)
    async with app.run_test(size=(100, 24)) as pilot:
        await pilot.press("space")
        assert not app.player.playing
        await pilot.press("home", "right", "right", "right", "left")
        assert app.player.number == 2
        await pilot.press("right_square_bracket")
        assert app.player.number == 12
        await pilot.press("left_square_bracket", "end")
        assert app.player.at_end
        line = app.screen.query_one(RecordingLine)
        start, cells = line._line
        await pilot.click(line, offset=(start + cells // 2, 0))
        assert 25 <= app.player.number <= 35
        number = app.player.number
        await pilot.press("3")
        await pilot.pause()
        assert app.screen.query_one(RecordingLine) is not line
        await pilot.press("slash")
        await pilot.pause()
        if isinstance(app.focused, Input):
            await pilot.press("left", "home", "right")
            assert app.player.number == number
    await source.close()
