"""Errors that a user can put right, and what they have in common."""

_LONGEST_QUOTE = 60  # what an error quotes of the text it was given


class TimelineError(Exception):
    """Something a user can put right: it says what is wrong, where, and what to do.

    The command line catches this one class; anything else is a bug and keeps its traceback.
    """

    exit_status: int = 4


class UnreadableText(TimelineError, ValueError):
    """A text does not follow the notation that its field asks for.

    `text` is what was given, shortened; `reason` says what is wrong with it; `hint` what to write
    instead, or "".
    """

    notation = "a known notation"

    def __init__(self, text: str, reason: str, hint: str = "") -> None:
        self.text = text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"
        self.reason = reason
        self.hint = hint
        super().__init__(self.text, reason, hint)  # all three, so that a pickled error comes back whole

    def __str__(self) -> str:
        advice = f"; write {self.hint}" if self.hint else ""
        return f"{self.text!r} is not {self.notation}: {self.reason}{advice}"
