"""How many checks may run at once: in all, and against one host."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Slots(Generic[Item]):
    """Queues: first come, first served.  Who waits for its host holds nobody else up."""

    def __init__(self, total: int, per_target: int) -> None:
        self._left = total
        self._per_target = per_target
        self._admitted: Counter[str] = Counter()
        """Items of each host that run, or that only wait for one of the slots of all."""
        self._next: deque[Item] = deque()
        self._waiting: defaultdict[str, deque[Item]] = defaultdict(deque)
        """Items that wait for their host, by host."""

    def queue(self, target: str, item: Item) -> None:
        """Let an item wait for its turn; no target: it puts load on no host."""
        if target and self._admitted[target] >= self._per_target:
            self._waiting[target].append(item)
        else:
            self._admitted[target] += 1
            self._next.append(item)

    def take(self) -> Item | None:
        """Give the next item that may run, and a slot with it; None when none may now."""
        if not self._left or not self._next:
            return None
        self._left -= 1
        return self._next.popleft()

    def free(self, target: str) -> None:
        """Give a slot back."""
        self._left += 1
        if waiting := self._waiting.get(target):
            self._next.append(waiting.popleft())
        else:
            self._admitted[target] -= 1
