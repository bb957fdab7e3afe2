"""What a user installs: the right files, and a command that works away from the checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, cwd: Path) -> str:
    """What the command printed; it must succeed, and finds nothing through the environment."""
    kept = {"PATH", "TMPDIR", "LANG", "SYSTEMROOT"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name in kept},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of programs of an environment with our wheel; the libraries are lent by this one.

    They are lent through a path file. Path files within a lent folder are not read, so the checkout
    itself, which is on our own path by such a file, stays out of sight.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "install",
        "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)  # fmt: skip
    lent = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    (Path(site.strip()) / "lent.pth").write_text("\n".join(lent))
    return folder / "bin"


def test_the_top_level_of_the_wheel_is_ours_to_the_name(wheel):
    """These names land beside everybody else's modules, so another one needs a decision."""
    with zipfile.ZipFile(wheel) as archive:
        top = {name.partition("/")[0] for name in archive.namelist()}

    about = {name for name in top if name.endswith(".dist-info")}
    assert about == {f"timeline_service-{version('timeline-service')}.dist-info"}
    assert top - about == {"events", "projections", "timeline", "cli.py"}


def test_every_module_of_the_checkout_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.endswith(".py")}

    packages = ("events", "projections", "timeline")
    expected = {p.relative_to(ROOT).as_posix() for f in packages for p in (ROOT / f).rglob("*.py")}
    assert packed == expected | {"cli.py"}


def test_the_example_travels_with_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("timeline/data/meta-ai.yaml")

    assert packed == (ROOT / "examples" / "meta-ai.yaml").read_bytes()


def test_what_a_page_is_made_of_travels_with_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {
            name
            for name in archive.namelist()
            if name.startswith(("timeline/pages/assets/", "timeline/pages/templates/"))
        }

    folders = (ROOT / "timeline" / "pages" / name for name in ("assets", "templates"))
    assert packed == {path.relative_to(ROOT).as_posix() for folder in folders for path in folder.iterdir()}


def test_what_an_audit_writes_by_travels_with_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("timeline/audit/templates/")}

    folder = ROOT / "timeline" / "audit" / "templates"
    assert packed == {path.relative_to(ROOT).as_posix() for path in folder.iterdir()}


def test_the_command_is_called_timeline(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/entry_points.txt"))
        entry_points = ConfigParser()
        entry_points.read_string(archive.read(name).decode())

    assert dict(entry_points["console_scripts"]) == {"timeline": "cli:main"}


def test_the_installed_command_is_not_the_checkout(installed, tmp_path):
    where = run(installed / "python", "-c", "import cli; print(cli.__file__)", cwd=tmp_path)

    assert Path(where.strip()).is_relative_to(installed.parent)


def test_the_installed_command_knows_its_version(installed, tmp_path):
    assert version("timeline-service") in run(installed / "timeline", "--version", cwd=tmp_path)


def test_the_installed_command_helps(installed, tmp_path):
    assert "demo" in run(installed / "timeline", "--help", cwd=tmp_path)


def test_the_demo_runs_in_an_empty_folder(installed, tmp_path):
    """No checkout, no configuration, no environment: the first thing a new user does."""
    printed = run(installed / "timeline", "demo", cwd=tmp_path)

    assert "FAIR" in printed
    assert (tmp_path / "timeline.db").exists()
