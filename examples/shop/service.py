"""What the shop's services have in common: they ask the views of an engine that is opened after them."""

import asyncio

from actum import Engine

#: How long a service waits to be connected.
CONNECT_SECONDS_MAX = 10.0


class Service:
    """Asks the views of the engine that it is connected to.

    A service is given to `Engine.open(..., services=[...])`, so it exists before the engine does; `connect` closes the
    circle.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._connected = asyncio.Event()

    def connect(self, engine: Engine) -> None:
        """Say whose views to ask."""
        self._engine = engine
        self._connected.set()

    async def engine(self) -> Engine:
        """The engine whose views are asked. What begins while it opens, as a subscription does, waits a moment.

        Raises:
            RuntimeError: `connect` was not called.
        """
        if self._engine is None:
            try:
                async with asyncio.timeout(CONNECT_SECONDS_MAX):
                    await self._connected.wait()
            except TimeoutError:
                pass
        if self._engine is None:
            raise RuntimeError(f"{type(self).__name__} is not connected: call connect(engine) once the engine is open")
        return self._engine
