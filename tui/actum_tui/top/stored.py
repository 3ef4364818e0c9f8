"""A store's directory as a source: what it holds, whether its engine runs, was stopped, or was killed.

Without the user's classes views are those of the newest checkpoint; with them, by `--app`, an engine opened read-only
in this process gives views and states as of its opening. What the log itself says, events, processes, deadlines, is
always as of now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, final

import actum
import msgspec
from actum import ActumError
from actum.monitor import (
    Column,
    DeadLettersRequest,
    DeadlinesRequest,
    Frame,
    Hello,
    ProcessesRequest,
    Records,
    RecordsRequest,
    RowsPage,
    RowsRequest,
    StateRequest,
    StoredLook,
    StoreVitals,
    ViewShape,
    Wanted,
    store_vitals,
)

from actum_tui.top.beside import EngineBeside
from actum_tui.top.source import Found, Kind, Lost, Past, Unavailable
from actum_tui.top.store_files import StoreFiles, records_of
from actum_tui.top.stored_automation import deadlines_answer, letters_answer, processes_answer

if TYPE_CHECKING:
    from actum.monitor import Action, Question, Reply

    from actum_tui.application import Application

    Told = Callable[[int, int], None]

#: How often a store that can't be read is tried again.
AGAIN_SECONDS: Final = 1.0
#: Events of the log that are read at a time for processes and deadlines.
AUTOMATION_EVENTS: Final = 50_000


@final
class StoredSource:
    """A store, looked at from its directory.

    Attributes:
        hello: what store it is.
        journal: its log.
    """

    def __init__(self, path: str, *, application: Application | None = None, any_file_system: bool = False) -> None:
        """Not open yet.

        Args:
            path: the directory.
            application: the user's classes, if they are given.
            any_file_system: whether a network file system is allowed.
        """
        self.journal = StoreFiles(path, any_file_system=any_file_system)
        self._beside = None if application is None else EngineBeside(application)
        self._watch = Wanted()
        self._changed = asyncio.Event()
        self._page: tuple[tuple[RowsRequest, int], RowsPage | str] | None = None
        self._looking: tuple[tuple[RowsRequest, int], asyncio.Task[None]] | None = None

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "store"

    async def open(self) -> None:
        """Open the store, and the engine on it.

        Raises:
            ActumError: there is none, it is damaged, or the classes don't fit it.
        """
        if self._beside is not None:
            await self._beside.close()  # before the files that were lent to it
        await self.journal.open()
        self.hello = await self.journal.read(hello_of)
        if self._beside is not None:
            store = await self.journal.read(lambda store: store)
            known = await self._beside.open(store)
            self.hello = msgspec.structs.replace(
                self.hello, aggregates=known.aggregates, views=known.views, processes=known.processes
            )

    async def renew(self) -> None:
        """Open it again, so that views and states are those of now.

        Raises:
            ActumError: as `open`.
        """
        await self.open()
        self._changed.set()

    async def close(self) -> None:
        """Leave it. Again: nothing."""
        if self._looking is not None:
            self._looking[1].cancel()
            await asyncio.gather(self._looking[1], return_exceptions=True)
        if self._beside is not None:
            await self._beside.end()
        await self.journal.close()

    def watch(self, watch: Wanted) -> None:
        """Say what the next frames shall hold."""
        self._watch = watch
        self._changed.set()

    async def frames(self) -> AsyncIterator[Frame | Lost | Found | Past]:
        """What the directory says, once an interval; when it can't be read that is said, and it is tried again."""
        yield Found(self.hello)
        while True:
            self._changed.clear()
            try:
                yield await self._frame()
            except ActumError as error:
                said = ""
                failure: ActumError | None = error
                while failure is not None:
                    sentence = f"{lost_sentence(self.journal.path, failure)}: it is tried again"
                    if sentence != said:
                        yield Lost(sentence)
                    said = sentence
                    failure = await self._open_again(wait=failure is not error)
                yield Found(self.hello)
                continue
            try:
                async with asyncio.timeout(max(self._watch.interval_seconds, 0.1)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _open_again(self, *, wait: bool) -> ActumError | None:
        """Try once; why it can't be opened, or None."""
        if wait:
            await asyncio.sleep(AGAIN_SECONDS)
        try:
            await self.open()
        except ActumError as error:
            return error
        return None

    async def _frame(self) -> Frame:
        """One look."""
        vitals = await self.journal.read(store_vitals)
        statistics = None if self._beside is None else await self._beside.statistics()
        rows = self._rows(vitals)
        return Frame(
            time_ns=time.time_ns(),
            monotonic_ns=time.monotonic_ns(),
            statistics=statistics,
            store=vitals,
            rows=rows if isinstance(rows, RowsPage) else None,
            rows_failure=rows if isinstance(rows, str) else None,
        )

    def _rows(self, vitals: StoreVitals) -> RowsPage | str | None:
        """The page that is wanted, or why there is none; it is made once, beside the frames, while nothing changes."""
        wanted = self._watch.rows
        if wanted is None:
            return None
        subject = wanted, vitals.checkpoint_position if self._beside is None else self._beside.position
        if (self._page is None or self._page[0] != subject) and (self._looking is None or self._looking[0] != subject):
            if self._looking is not None:
                self._looking[1].cancel()
            task = asyncio.create_task(self._look(subject), name="actum stored rows")
            self._looking = subject, task
        return self._page[1] if self._page is not None and self._page[0][0] == wanted else None

    async def _look(self, subject: tuple[RowsRequest, int]) -> None:
        """Make a page, and have a frame show it at once."""
        try:
            answer = await self._rows_answer(subject[0], None)
            found: RowsPage | str = answer if isinstance(answer, RowsPage) else "no rows"
        except (ActumError, Unavailable) as error:
            found = str(error)
        self._page = subject, found
        self._changed.set()

    async def ask(self, request: Question | Action, progress: Told | None = None) -> Reply:
        """Ask the directory, or the engine beside it.

        Raises:
            Unavailable: neither has that.
            ActumError: it can't be read.
        """
        match request:
            case RowsRequest():
                return await self._rows_answer(request, progress)
            case StateRequest():
                return await self._engine("the state of an aggregate").ask(request, progress)
            case RecordsRequest():
                found = await self.journal.read(lambda store: records_of(store, request.start, request.stop))
                return Records(tuple(found), await self.journal.head())
            case ProcessesRequest():
                await self._read_automation(progress)
                now_ns = time.time_ns()
                return await self.journal.read(lambda store: processes_answer(store.processes(), request, now_ns))
            case DeadlinesRequest():
                await self._read_automation(progress)
                return await self.journal.read(lambda store: deadlines_answer(store.deadlines(), request))
            case DeadLettersRequest():
                return await self.journal.read(lambda store: letters_answer(store.subscriptions(), request))
            case _:
                raise Unavailable(
                    "a store that is looked at from its directory takes no actions: attach to its engine, opened with"
                    " monitor=True, admin=True, or use the verbs of `actum`"
                )

    def _engine(self, what: str) -> EngineBeside:
        """The engine beside the store.

        Raises:
            Unavailable: there is none.
        """
        if self._beside is None:
            raise Unavailable(
                f"{what} is made by your classes: give --app MODULE:ATTRIBUTE, or attach to the running engine, opened"
                " with monitor=True"
            )
        return self._beside

    async def _rows_answer(self, request: RowsRequest, progress: Told | None) -> Reply:
        """A page: of the engine beside the store, or of the newest checkpoint, a piece at a time."""
        if self._beside is not None:
            return await self._beside.ask(request, progress)
        look = await self.journal.read(lambda store: StoredLook(store, request))
        try:
            while await self.journal.read(lambda store: look.step()):  # noqa: ARG005  # in the store's thread
                if progress is not None:
                    progress(look.looked_at, max(look.view.rows or 0, look.looked_at))
            return await self.journal.read(lambda store: look.page())  # noqa: ARG005
        finally:
            look.close()

    async def _read_automation(self, progress: Told | None) -> None:
        """Read what has come to the log, a piece at a time: others read in between."""
        while True:
            done, head = await self.journal.read(lambda store: store.read_automation(AUTOMATION_EVENTS))
            if done >= head:
                return
            if progress is not None:
                progress(done, head)


def lost_sentence(path: str, error: ActumError) -> str:
    """Why a store can't be read now."""
    if isinstance(error, actum.StoreFailed):
        return f"{path} was compacted, or replaced by another one"
    return str(error).rstrip(".")


def hello_of(store: actum.Store) -> Hello:
    """What a directory says of itself that does not change, and what its newest checkpoint knows."""
    return Hello(
        version=version("actum"),
        name=store.path.name,
        store=str(store.path),
        store_id=store.manifest.store_id,
        pid=0,
        python="",
        loop="",
        opened_ns=store.manifest.created_ns,
        durability="full",
        admin=False,
        aggregates=store.aggregates,
        views=tuple(
            ViewShape(view.name, view.key, tuple(Column(each.name, each.type, each.numeric) for each in view.columns))
            for view in store.views()
        ),
        subscriptions=tuple(subscription.name for subscription in store.subscriptions()),
        events=tuple(sorted({schema.tag for schema in store.schemas()})),
    )
