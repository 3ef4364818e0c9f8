"""What the shop's services have in common: they ask the views of an engine that is opened after them."""

from actum import Engine


class Service:
    """Asks the views of the engine that it is connected to.

    A service is given to `Engine.open(..., services=[...])`, so it exists before the engine does; `connect` closes the
    circle.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def connect(self, engine: Engine) -> None:
        """Say whose views to ask."""
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The engine whose views are asked.

        Raises:
            RuntimeError: `connect` was not called.
        """
        if self._engine is None:
            raise RuntimeError(f"{type(self).__name__} is not connected: call connect(engine) once the engine is open")
        return self._engine
