"""Recordings as files: what was written is what is read, whatever became of the end."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click
import msgspec
import pytest
from actum_tui.top import recorder as recorder_module
from actum_tui.top.recorder import Recorder
from actum_tui.top.recording_file import RecordingFile, is_recording
from actum_tui.top.recording_format import FILE_HEADER, MAGIC, VERSION, Moment, coarse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.moments import HELLO, MOMENTS, SECOND_NS, moment
from tests.support.processes import run_python


def written(path: Path, moments: Sequence[Moment]) -> Path:
    """A recording, a moment each second."""
    path.unlink(missing_ok=True)
    recorder = Recorder(path)
    for number, each in enumerate((Moment(hello=HELLO), *moments)):
        recorder.write(each, number * SECOND_NS)
    recorder.close()
    return path


def read(path: Path) -> list[Moment]:
    """All moments, in order."""
    with closing(RecordingFile(path)) as file:
        return [file.moment(number) for number in range(len(file))]


def opened(path: Path) -> RecordingFile | str:
    """A recording, or why it is none."""
    try:
        return RecordingFile(path)
    except click.ClickException as error:
        return str(error)


def plain(moments: Sequence[Moment]) -> list[object]:
    """Moments without who they are of: a piece that restarts says that too."""
    return [msgspec.to_builtins(msgspec.structs.replace(each, hello=None)) for each in moments]


class TestRoundTrip:
    """What comes back."""

    @given(st.lists(MOMENTS, max_size=12))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_it_is(self, tmp_path: Path, moments: list[Moment]) -> None:
        """Any moments, in order; and the engine that they are of."""
        found = read(written(tmp_path / "file", moments))
        assert plain(found[1:]) == plain(moments)
        assert [each.hello for each in found[1:] if each.frame is None and each.lost is None] == [
            each.hello for each in moments if each.hello is not None
        ]

    def test_in_any_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Jumping back and forth reads the same; each stretch begins with the engine's name."""
        monkeypatch.setattr(recorder_module, "RESTART_MOMENTS", 4)
        moments = [moment(number) for number in range(1, 23)]
        with closing(RecordingFile(written(tmp_path / "file", moments))) as file:
            for number in [22, 3, 4, 5, 20, 1, 19, 2, 22]:
                assert plain([file.moment(number)]) == plain([moments[number - 1]])
                assert file.hello_at(number) == HELLO
            assert (file.seconds, len(file), file.time_ns(3)) == (22.0, 23, 3 * SECOND_NS)
            assert [file.number_at(int(at * SECOND_NS)) for at in (0, 0.9, 3.7, 99)] == [0, 0, 3, 22]
            with pytest.raises(click.ClickException, match="moment 24 can't be read"):
                file.moment(23)
            assert plain([file.moment(7)]) == plain([moments[6]])

    def test_numbers_keep_seven_digits(self) -> None:
        """Measured times are not exact to the last bit; counts are."""
        assert coarse({"a": [0.123456789012, 2**53 + 1]})["a"] == [pytest.approx(0.123456789012, 1e-7), 2**53 + 1]
        assert coarse(1e300) == 1e300


class TestEnds:
    """Files that don't end where the recorder ended them."""

    def test_cut_off_anywhere(self, tmp_path: Path) -> None:
        """Every beginning plays a beginning of the moments, and says what is missing."""
        moments = [moment(number) for number in range(1, 8)]
        data = written(tmp_path / "file", moments).read_bytes()
        counts: list[int] = []
        for length in range(len(data) + 1):
            path = tmp_path / "cut"
            path.write_bytes(data[:length])
            file = opened(path)
            if isinstance(file, str):
                assert "no recording" in file or "holds no moment yet" in file
                counts.append(0)
                continue
            count = len(file)
            assert plain([file.moment(number) for number in range(1, count)]) == plain(moments[: count - 1])
            assert (file.fault is None) == (length == len(data) or not file_ends_within(file, length))
            file.close()
            counts.append(count)
        assert counts == sorted(counts)
        assert (counts[-2], counts[-1]) == (7, 8)

    def test_a_flipped_bit_anywhere(self, tmp_path: Path) -> None:
        """What is behind it is not shown, what is before it is."""
        moments = [moment(number) for number in range(1, 6)]
        data = bytearray(written(tmp_path / "file", moments).read_bytes())
        for offset in range(FILE_HEADER.size, len(data), 3):
            data[offset] ^= 0x10
            path = tmp_path / "flipped"
            path.write_bytes(data)
            data[offset] ^= 0x10
            file = opened(path)
            if isinstance(file, str):
                continue
            assert file.fault is not None
            assert plain([file.moment(number) for number in range(1, len(file))]) == plain(moments[: len(file) - 1])
            file.close()

    def test_a_recorder_that_was_killed(self, tmp_path: Path) -> None:
        """Every moment that was written is there."""
        code = """
            import os, signal, sys
            from pathlib import Path
            from actum_tui.top.recorder import Recorder
            from actum_tui.top.recording_format import Moment
            from tests.support.moments import HELLO, moment
            recorder = Recorder(Path(sys.argv[1]))
            recorder.write(Moment(hello=HELLO), 0)
            for number in range(1, 6):
                recorder.write(moment(number), number)
            print("written", flush=True)
            os._exit(0)
        """
        assert run_python(code, tmp_path / "file") == "written"
        assert plain(read(tmp_path / "file")[1:]) == plain([moment(number) for number in range(1, 6)])

    def test_one_that_still_runs(self, tmp_path: Path) -> None:
        """What it adds is found when the file is looked at again."""
        recorder = Recorder(tmp_path / "file")
        recorder.write(Moment(hello=HELLO), 0)
        with closing(RecordingFile(tmp_path / "file")) as file:
            assert not file.look_again()
            recorder.write(moment(1), 1)
            assert file.look_again()
            assert plain([file.moment(1)]) == plain([moment(1)])
        recorder.close()


def file_ends_within(file: RecordingFile, length: int) -> bool:
    """Whether something that is no whole piece is behind the last one."""
    return file._end != length


class TestRefused:
    """What can't be played, or recorded to."""

    @pytest.mark.parametrize("content", [b"", b"ACTUM", b"# notes\n" * 9, bytes(100)])
    def test_no_recording(self, tmp_path: Path, content: bytes) -> None:
        """Whatever else a file is."""
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(click.ClickException, match="no recording: `actum top --record FILE` makes one"):
            RecordingFile(tmp_path / "file")
        assert not is_recording(tmp_path / "file")
        assert not is_recording(tmp_path)

    def test_of_a_newer_version(self, tmp_path: Path) -> None:
        """It is named."""
        (tmp_path / "file").write_bytes(FILE_HEADER.pack(MAGIC, VERSION + 1, 0))
        with pytest.raises(click.ClickException, match=f"version {VERSION + 1}"):
            RecordingFile(tmp_path / "file")
        assert is_recording(tmp_path / "file")

    def test_nothing_there(self, tmp_path: Path) -> None:
        """As the system says it; an empty one says so."""
        with pytest.raises(click.ClickException, match="No such file"):
            RecordingFile(tmp_path / "file")
        Recorder(tmp_path / "empty").close()
        with pytest.raises(click.ClickException, match="holds no moment yet"):
            RecordingFile(tmp_path / "empty")

    def test_a_file_that_exists(self, tmp_path: Path) -> None:
        """Nothing is written over."""
        (tmp_path / "file").write_text("precious")
        with pytest.raises(click.ClickException, match="exists already"):
            Recorder(tmp_path / "file")
        with pytest.raises(click.ClickException, match="can't be recorded to"):
            Recorder(tmp_path / "nowhere" / "file")
        assert (tmp_path / "file").read_text() == "precious"


class TestBounds:
    """How large it may become, and who may read it."""

    def test_it_ends_at_its_limit(self, tmp_path: Path) -> None:
        """Whole, and it says so once; what comes then is not written."""
        recorder = Recorder(tmp_path / "file", bytes_max=4_000)
        recorder.write(Moment(hello=HELLO), 0)
        number = 0
        while recorder.stopped is None:
            number += 1
            recorder.write(moment(number), number)
        recorder.write(moment(999), 999)
        assert "and may have 4,000" in recorder.stopped
        assert (tmp_path / "file").stat().st_size <= 4_000
        assert len(read(tmp_path / "file")) == number == recorder.moments

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Half a moment is taken back, and the reason is said."""
        recorder = Recorder(tmp_path / "file")
        recorder.write(Moment(hello=HELLO), 0)
        real, calls = os.write, list[int]()

        def write(descriptor: int, data: bytes) -> int:
            calls.append(1)
            if len(calls) > 1:
                raise OSError(28, "No space left on device")
            return real(descriptor, data[:5])

        monkeypatch.setattr(os, "write", write)
        recorder.write(moment(1), 1)
        monkeypatch.undo()
        assert "No space left" in str(recorder.stopped)
        with closing(RecordingFile(tmp_path / "file")) as file:
            assert (len(file), file.fault) == (1, None)

    def test_only_its_user_may_read_it(self, tmp_path: Path) -> None:
        """It holds data."""
        written(tmp_path / "file", [])
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600

    def test_a_day_opens_at_once(self, tmp_path: Path) -> None:
        """86,400 moments, of which only places and times are kept."""
        recorder = Recorder(tmp_path / "file")
        recorder.write(Moment(hello=HELLO), 0)
        for number in range(1, 86_401):
            recorder.write(Moment(lost="x"), number * SECOND_NS)
        recorder.close()
        started = time.process_time()
        with closing(RecordingFile(tmp_path / "file")) as file:
            assert file.moment(86_400).lost == "x"
            assert time.process_time() - started < 5
            assert len(file) == 86_401
            assert sum(each.itemsize * len(each) for each in (file._offsets, file._times, file._restarts)) < 2_000_000
