"""Reading stored events of older forms.

When a kind's fields change so that old bytes no longer read, raise `form` on its class and register here the step from
the old form to the next one. Stored bytes are never rewritten; steps are never removed.

    @UPCASTS.step("layoff", 1)
    def _(state):
        '''Form 1 counted people in `number`.'''
        state["count"] = state.pop("number")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Step = Callable[[dict[str, Any]], None]


class Upcasts:
    """The steps between stored forms, by kind and the form they start from."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, int], Step] = {}

    def step(self, kind: str, form: int) -> Callable[[Step], Step]:
        """Register the change, in place, from `form` of `kind` to `form + 1`."""

        def register(function: Step) -> Step:
            if (kind, form) in self._steps:
                raise ValueError(f"two steps lead from form {form} of {kind}")
            self._steps[kind, form] = function
            return function

        return register

    def __bool__(self) -> bool:
        return bool(self._steps)

    def concern(self, kind: str) -> bool:
        """Whether any older form of the kind exists."""
        return any(known == kind for known, _ in self._steps)

    def upcast(self, kind: str, state: dict[str, Any], current: int) -> dict[str, Any]:
        """Bring a decoded state to the current form; bytes without a `form` are of form 1."""
        form = int(state.pop("form", 1))
        while form < current:
            self._steps[kind, form](state)
            form += 1
        return state


UPCASTS = Upcasts()
"""The steps that stored ledgers need. Empty as long as every kind is still in its first form."""
