"""How many statements a verb runs: constant for any number of items, or it is a defect."""

from typing import Any

from shuke.kit.db import Tx


class Counted:
    """A connection that counts what passes through it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.count = 0

    async def execute(self, *args: Any, **named: Any) -> Any:
        """Count it and pass it on; what opens the transaction does not count."""
        self.count += not str(args[0]).startswith("begin")
        return await self._connection.execute(*args, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def counted(tx: Tx) -> Counted:
    """Count the statements of this transaction from now on."""
    counting = Counted(tx.connection)
    tx.connection = counting  # type: ignore[assignment]
    return counting
