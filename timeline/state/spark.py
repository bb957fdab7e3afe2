"""The fold of a rebuild on Apache Spark: the keyed log goes out as Parquet, the rows come back as Parquet.

Each file of the keyed log is a task, and what the workers run is the fold of this machine. Needs pyspark, which comes
with `pip install 'timeline-service[spark]'`, and Java.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from timeline.errors import StoreError, UsageError
from timeline.extras import need
from timeline.state import keyed
from timeline.state.grouped import COLUMNS, grouped
from timeline.state.handing import PARTITIONS, Handed
from timeline.state.joined import Joined

WHOLE = 1 << 40
"""More bytes than a file has: none is read in parts, and no two together."""
LOGGING = """\
rootLogger.level = off
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %m%n
rootLogger.appenderRef.console.ref = console
"""
"""On this machine Spark keeps quiet; what goes wrong is told by the error."""


class OnSpark(Handed):
    """Spark at an address: `local[2]` is this machine with two workers. UsageError if pyspark or Java is missing.

    What goes out and comes back lies in the folder for temporary files, which the workers must see under the same path.
    """

    def __init__(self, master: str, *, partitions: int = PARTITIONS, source: Path | None = None) -> None:
        need_spark()
        super().__init__(partitions, source)
        self.master = master

    def run(self, source: Path, names: Sequence[str], past: Joined, scratch: Path) -> Path:
        """Fold every file of a folder, and give the folder in which the answers lie."""
        out = scratch / "rows"
        with _session(self.master, scratch) as session, _explained():
            lines = session.read.schema(keyed.COLUMNS).parquet(source.resolve().as_uri())
            lines.mapInArrow(grouped(names, past), COLUMNS).write.parquet(out.as_uri(), compression="zstd")
        return out


def need_spark() -> None:
    """Raise UsageError where pyspark or Java is missing."""
    need("--engine spark", ("pyspark", "pyarrow"), "spark")
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java", path=str(Path(home, "bin")) if home else None) is None:
        where = f"JAVA_HOME is {home}, and no bin/java is there" if home else "no java was found"
        raise UsageError(
            f"--engine spark needs Java 17 or newer, and {where}: install it (on Debian and Ubuntu: "
            "openjdk-17-jre-headless), or set JAVA_HOME"
        )


@contextmanager
def _session(master: str, scratch: Path) -> Iterator[Any]:
    """Spark, started for the length of the block. What is not said here, its own configuration says."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    given = {
        "spark.sql.files.maxPartitionBytes": str(WHOLE),
        "spark.sql.files.openCostInBytes": str(WHOLE),
        "spark.sql.warehouse.dir": Path(scratch, "warehouse").as_uri(),
        "spark.ui.showConsoleProgress": "false",
    }
    if is_local := master.startswith("local[") or master == "local":
        logging = Path(scratch, "log4j2.properties")
        logging.write_text(LOGGING)
        given["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={logging.as_uri()}"
        given |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        given["spark.ui.enabled"] = "false"
    builder = SparkSession.builder.appName("timeline").master(master)
    for name, value in given.items():
        builder = builder.config(name, value)
    with _this_python() if is_local else nullcontext():
        try:
            session = builder.getOrCreate()
        except PySparkException as problem:
            raise StoreError(f"Spark did not start: {_first_line(problem)}; nothing was changed") from problem
    try:
        if not is_local:
            session.sparkContext.addPyFile(str(program(scratch)))
        yield session
    finally:
        session.stop()


@contextmanager
def _this_python() -> Iterator[None]:
    """Spark's workers on this machine are of the Python that runs."""
    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYSPARK_PYTHON"]
        else:
            os.environ["PYSPARK_PYTHON"] = before


def program(scratch: Path) -> Path:
    """What the workers need of this program, as an archive: what `grouped` imports, and no more."""
    imports = "import sys, timeline.state.grouped; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", imports], check=True, stdout=PIPE, text=True).stdout.split()
    archive = scratch / "timeline.zip"
    with ZipFile(archive, "w", ZIP_DEFLATED) as into:
        for module in sorted(name for name in found if name.partition(".")[0] in ("events", "projections", "timeline")):
            if (spec := find_spec(module)) is not None and spec.origin is not None:
                package = "/__init__" if spec.submodule_search_locations else ""
                into.write(spec.origin, f"{module.replace('.', '/')}{package}.py")
    return archive


@contextmanager
def _explained() -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as problem:
        raise StoreError(f"Spark could not fold the log: {_first_line(problem)}; nothing was changed") from problem


def _first_line(problem: Exception) -> str:
    """The line that says most: the error of Python in a worker, if there is one."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    of_python = (line for line in reversed(lines) if "Error:" in line and not line.startswith(("at ", "Caused")))
    return next(of_python, "".join(lines[:1]))
