"""Every kind adds up to something, or is listed as one that does not."""

from events.base import Event, Happening
from events.kinds import CONTENT, KINDS
from projections import happenings, mentions
from projections.all import PROJECTIONS, RECORD_ONLY
from tests.projections import histories

FOLDED = {k for p in PROJECTIONS if p not in (happenings.PROJECTION, mentions.PROJECTION) for k in p.kinds}


def test_every_kind_is_folded_or_listed_as_record_only():
    """Who adds a kind says what it changes, or that it changes nothing."""
    assert FOLDED | set(RECORD_ONLY) == set(CONTENT)


def test_no_kind_is_both_folded_and_record_only():
    """Record-only means that no state hangs on it."""
    assert not FOLDED & set(RECORD_ONLY)


def test_every_happening_is_listed_and_indexed():
    """The log of a name, and search, miss nothing that happened."""
    wanted = {k for k in CONTENT if issubclass(k, Happening)}

    assert set(happenings.PROJECTION.kinds) == set(mentions.PROJECTION.kinds) == wanted


def test_projections_have_names_of_their_own():
    """A name is a table."""
    assert len({p.name for p in PROJECTIONS}) == len(PROJECTIONS)


def test_the_generated_histories_know_every_kind():
    """Who adds a kind adds it to the histories, too."""
    known: set[type[Event]] = {*histories.CONTENT, *histories.ABOUT}

    assert known == set(KINDS.values())
