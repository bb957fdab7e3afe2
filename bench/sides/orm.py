"""django-simple-history and SQLAlchemy-Continuum: a table of rows, and one of all that they ever were.

Their one axis of time is that of knowledge; the dates of a membership are columns of numbers, with an index that suits
the questions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from time import perf_counter
from typing import Any, ClassVar

from bench.sides.history import UNKNOWN, History, Row
from bench.sides.side import Line, Loaded, Question, Side, mark_of

COLUMNS = ("person", "organization", "start_min", "start_max", "end_min", "end_max", "ending")
NAMED = ("membership", *COLUMNS)
RECORDED = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))
BETWEEN = datetime(2025, 1, 15, tzinfo=UTC)
BATCH = 1000


class Kept(Side):
    """What both have in common: rows of plain columns come back, and the questions are put together from them."""

    largest = 100_000
    file: ClassVar[str]

    def _found(self, known: int | None, units: list[int] | None, day: int) -> Any:
        """What may hold on a day: person, organization, start_max, end_min, ending."""
        raise NotImplementedError

    def _person(self, person: int) -> Any:
        raise NotImplementedError

    def ask(self, question: Question) -> Any:
        match question.sort:
            case "members":
                units = self._units(question.organization) if question.units else [question.organization]
                return self._found(question.known, units, question.day)
            case "person":
                return self._person(question.person)
            case "state":
                return self._found(None, None, question.day)
            case "diff":
                days = (question.day, question.other_day)
                before, after = ({tuple(row[:2]) for row in self._found(None, None, day)} for day in days)
                return {person for person, _ in before ^ after}

    def _units(self, organization: int) -> list[int]:
        found = [organization]
        for unit in found:
            found += [n for n, parent in enumerate(self.history.parents) if parent == unit]
        return found

    def plain(self, question: Question, answer: Any) -> Iterable[Line]:
        match question.sort:
            case "diff":
                return [(person, 0, "") for person in answer]
            case "person":
                return [(question.person, organization, "") for organization in answer]
            case _:
                day = question.day
                return [(p, o, mark_of(start, end, how == UNKNOWN, day)) for p, o, start, end, how in answer]

    def _size(self) -> int:
        return sum(file.stat().st_size for file in self.folder.glob(f"{self.file}*"))


class SimpleHistory(Kept):
    """django-simple-history: `as_of` the moment that is asked about, and the days as filters."""

    name = "django-simple-history"
    packages = ("django", "simple_history")
    file = "simple.db"

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        conf = import_module("django.conf").settings
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(self.folder / self.file)}
        conf.configure(
            DATABASES={"default": database},
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "simple_history"],
            USE_TZ=True,
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        )
        import_module("django").setup()
        self.models = import_module("django.db.models")
        self.db = import_module("django.db")
        records = import_module("simple_history.models").HistoricalRecords
        number = self.models.BigIntegerField
        suits = self.models.Index(fields=["organization", "end_max", "start_min"], name="suits")
        meta = type("Meta", (), {"app_label": "simple_history", "indexes": [suits]})
        fields = {column: number(db_index=column == "person") for column in COLUMNS}
        fields["membership"] = number(primary_key=True)
        more = {"__module__": __name__, "Meta": meta, "history": records(app="simple_history")}
        self.model = type("Membership", (self.models.Model,), fields | more)
        self.past = self.model.history.model  # type: ignore[attr-defined]  # put there by the records

    def load(self) -> Loaded:
        utils = import_module("simple_history.utils")
        with self.db.connection.schema_editor() as editor:
            editor.create_model(import_module("django.contrib.contenttypes.models").ContentType)
            editor.create_model(import_module("django.contrib.auth.models").Permission)
            editor.create_model(import_module("django.contrib.auth.models").Group)
            editor.create_model(import_module("django.contrib.auth.models").User)
            editor.create_model(self.model)
            editor.create_model(self.past)
        self.db.connection.cursor().execute("CREATE INDEX past_suits ON simple_history_historicalmembership"
                                            " (organization, end_max, start_min)")  # fmt: skip
        start = perf_counter()
        for part in self.history.parts():
            for at in range(0, len(part), BATCH):
                rows = part[at : at + BATCH]
                for known in (0, 1):
                    made = [self._made(row) for row in rows if row.known_from == known]
                    if made and known == 0:
                        utils.bulk_create_with_history(made, self.model, default_date=RECORDED[0])
                    elif made:
                        utils.bulk_update_with_history(
                            made, self.model, COLUMNS, batch_size=100, default_date=RECORDED[1]
                        )
        took = perf_counter() - start
        return Loaded(took, self._size(), note=f"{BATCH:,} rows a commit, by its own functions for many rows")

    def _made(self, row: Row) -> Any:
        made = self.model(**{name: getattr(row, name) for name in NAMED})
        made.membership += 1  # a key of 0 is taken for none
        return made

    def _found(self, known: int | None, units: list[int] | None, day: int) -> Any:
        if known == 0:
            there = self.model.history.as_of(BETWEEN)  # type: ignore[attr-defined]
        else:
            there = self.model.objects  # type: ignore[attr-defined]
        there = there.filter(end_max__gte=day, start_min__lte=day)
        if units is not None:
            there = there.filter(organization__in=units)
        if known == 0:  # gives whole objects: it refuses to give columns
            return [(m.person, m.organization, m.start_max, m.end_min, m.ending) for m in there]
        return list(there.values_list("person", "organization", "start_max", "end_min", "ending"))

    def _person(self, person: int) -> Any:
        there = self.model.objects.filter(person=person)  # type: ignore[attr-defined]
        return list(there.values_list("organization", flat=True))

    def append(self, number: int) -> None:
        values = dict.fromkeys(COLUMNS, 738950) | {"person": number, "organization": 0, "ending": 2}
        self.model(membership=2**40 + number, **values).save()


class Continuum(Kept):
    """SQLAlchemy-Continuum: its version table with the validity strategy, which is its faster one."""

    name = "SQLAlchemy-Continuum"
    packages = ("sqlalchemy", "sqlalchemy_continuum")
    file = "continuum.db"

    def __init__(self, history: History, settings: Any) -> None:
        super().__init__(history, settings)
        self.sa, self.orm = import_module("sqlalchemy"), import_module("sqlalchemy.orm")
        continuum = import_module("sqlalchemy_continuum")
        continuum.make_versioned(user_cls=None)
        base = self.orm.declarative_base()
        integer = self.sa.BigInteger
        columns = {name: self.sa.Column(integer, nullable=False, index=name == "person") for name in COLUMNS}
        columns["membership"] = self.sa.Column(integer, primary_key=True, autoincrement=False)
        more = {"__tablename__": "membership", "__versioned__": {"strategy": "validity"}, "__module__": __name__}
        suits = self.sa.Index("suits", "organization", "end_max", "start_min")
        self.model = type("Membership", (base,), columns | more | {"__table_args__": (suits,)})
        self.orm.configure_mappers()
        self.past = continuum.version_class(self.model)
        self.engine = self.sa.create_engine(f"sqlite:///{self.folder / self.file}")
        self.base = base
        self.before = 0

    def load(self) -> Loaded:
        self.base.metadata.create_all(self.engine)
        table = self.past.__table__
        self.sa.Index("past_suits", table.c.organization, table.c.end_max, table.c.start_min).create(self.engine)
        start = perf_counter()
        for part in self.history.parts():
            for at in range(0, len(part), BATCH):
                self._record(part[at : at + BATCH])
        took = perf_counter() - start
        return Loaded(took, self._size(), note=f"{BATCH:,} rows a commit, through its session")

    def _record(self, rows: list[Row]) -> None:
        """One transaction for what is new, and one for what is corrected."""
        for known in (0, 1):
            some = [row for row in rows if row.known_from == known]
            if not some:
                continue
            with self.orm.Session(self.engine) as session:
                if known == 1 and not self.before:
                    self.before = session.scalar(self.sa.select(self.sa.func.max(self.past.transaction_id)))
                if known == 0:
                    session.add_all([self.model(**{name: getattr(row, name) for name in NAMED}) for row in some])
                else:
                    ids = [row.membership for row in some]
                    query = self.sa.select(self.model).where(self.model.membership.in_(ids))  # type: ignore[attr-defined]
                    standing = {m.membership: m for m in session.scalars(query)}
                    for row in some:
                        for name in COLUMNS:
                            setattr(standing[row.membership], name, getattr(row, name))
                session.commit()

    def _found(self, known: int | None, units: list[int] | None, day: int) -> Any:
        of: Any = self.past if known == 0 else self.model
        query = self.sa.select(of.person, of.organization, of.start_max, of.end_min, of.ending)
        query = query.where(of.end_max >= day, of.start_min <= day)
        if known == 0:
            query = query.where(
                of.transaction_id <= self.before,
                self.sa.or_(of.end_transaction_id > self.before, of.end_transaction_id.is_(None)),
                of.operation_type != 2,
            )
        if units is not None:
            query = query.where(of.organization.in_(units))
        with self.engine.connect() as connection:
            return connection.execute(query).all()

    def _person(self, person: int) -> Any:
        of: Any = self.model
        with self.engine.connect() as connection:
            return connection.scalars(self.sa.select(of.organization).where(of.person == person)).all()

    def append(self, number: int) -> None:
        values = dict.fromkeys(COLUMNS, 738950) | {"person": number, "organization": 0, "ending": 2}
        with self.orm.Session(self.engine) as session:
            session.add(self.model(membership=2**40 + number, **values))
            session.commit()

    def close(self) -> None:
        self.engine.dispose()
