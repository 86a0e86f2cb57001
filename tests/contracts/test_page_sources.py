"""What the page is made of: known to the last package, from no registry that is named, and
asking nothing of the internet."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from squid.http.page import ADDRESSES
from web import build, node

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
PACKAGE: dict[str, Any] = json.loads((WEB / "package.json").read_text("utf-8"))
LOCKED: dict[str, dict[str, Any]] = json.loads((WEB / "package-lock.json").read_text("utf-8"))[
    "packages"
]
WRITTEN = [
    path
    for path in sorted(
        [*WEB.glob("*.*"), *(WEB / "plugins").rglob("*.*"), *(WEB / "src").rglob("*.*")]
    )
    if path.suffix in {".css", ".html", ".json", ".npmrc", ".py", ".svg", ".ts", ".tsx"}
    and not path.name.endswith(".d.ts")
]


def test_lock_is_of_the_package_as_it_is() -> None:
    for kind in ("dependencies", "devDependencies"):
        assert LOCKED[""][kind] == PACKAGE[kind]
        for name, version in PACKAGE[kind].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not one version"
            assert LOCKED[f"node_modules/{name}"]["version"] == version


def test_lock_has_each_package_by_its_hash_and_from_nowhere() -> None:
    for path, package in LOCKED.items():
        if path:
            assert package["integrity"].startswith("sha512-"), path
        assert not package.keys() & {"resolved", "link"}, path
        assert not package.get("hasInstallScript"), f"{path} has a script, which is not run"


def test_lock_is_whole() -> None:
    """With the packages for other machines too: npm leaves out those that its registry
    lacks, and then takes the file nowhere."""
    there = {path.rpartition("node_modules/")[2] for path in LOCKED}
    for path, package in LOCKED.items():
        for kind in ("dependencies", "optionalDependencies"):
            assert package.get(kind, {}).keys() <= there, path


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(WEB)))
def test_nothing_names_a_registry(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"(?i)//registry\.|npmjs\.|_authtoken|artifactory|/simple/", text)


def test_page_and_styles_come_from_here() -> None:
    for path in WRITTEN:
        if path.suffix in {".css", ".html"}:
            text = re.sub(r"/\*.*?\*/|<!--.*?-->", "", path.read_text("utf-8"), flags=re.S)
            assert "//" not in text


def test_server_knows_each_address_of_the_page() -> None:
    named: set[str] = set()
    for path in (WEB / "src").rglob("*.tsx"):
        named |= set(re.findall(r'<Route path="(/[^"]*)"', path.read_text("utf-8")))
    assert {re.sub(r":\w+", "{id}", address) for address in named} <= {"/", *ADDRESSES}


def test_service_worker_knows_each_address_of_the_page() -> None:
    """And no other: what is not the page's is the server's to refuse."""
    script = (WEB / "src" / "worker" / "worker.ts").read_text("utf-8")
    named = re.search(r"ADDRESSES = /(.*)/\n", script)
    assert named is not None
    pattern = re.compile(named[1].replace("\\/", "/"))
    for address in ("/", *ADDRESSES):
        assert pattern.fullmatch(address.replace("{id}", "01a1ff6f"))
    for address in ("/api/sessions", "/docs", "/readyz", "/sessions", "/sessions/a/b", "/trash/a"):
        assert not pattern.fullmatch(address)


def test_uv_looks_at_all_that_the_page_is_built_from() -> None:
    keys = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["uv"]["cache-keys"]
    files = {key["file"] for key in keys if "file" in key}
    built = {path.relative_to(ROOT) for path in build.sources()}
    beside = {path.as_posix() for path in built if len(path.parts) == 2}
    below = {f"web/{path.parts[1]}/**/*" for path in built if len(path.parts) > 2}
    assert {"pyproject.toml", "hatch_build.py"} | beside | below <= files
    assert {"env": build.SWITCH} in keys


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page in which one may change something."""
    web = tmp_path / "web"
    web.mkdir()
    for path in build.sources():
        (web / path.relative_to(WEB)).parent.mkdir(exist_ok=True, parents=True)
        (web / path.relative_to(WEB)).write_bytes(path.read_bytes())
    page = tmp_path / "page"
    page.mkdir()
    monkeypatch.setattr(build, "WEB", web)
    monkeypatch.setattr(build, "PAGE", page)
    (page / "index.html").touch()
    (page / build.STAMP).write_text(build.fingerprint())
    assert build.is_fresh()
    return web


@pytest.mark.parametrize(
    "name", ["src/main.tsx", "plugins/early.ts", "index.html", "package-lock.json"]
)
def test_page_is_stale_when_a_source_changes(tree: Path, name: str) -> None:
    with (tree / name).open("a") as file:
        file.write(" ")
    assert not build.is_fresh()


def test_page_is_stale_when_a_source_comes_or_goes(tree: Path) -> None:
    (tree / "src/new.ts").touch()
    assert not build.is_fresh()
    (tree / "src/new.ts").rename(tree / "src/new.test.ts")  # of which nothing is built
    assert build.is_fresh()
    (tree / "src/main.tsx").unlink()
    assert not build.is_fresh()


def test_page_that_is_not_there_is_stale(tree: Path) -> None:
    (build.PAGE / "index.html").unlink()
    assert not build.is_fresh()
    (build.PAGE / "index.html").touch()
    (build.PAGE / build.STAMP).write_bytes(b"\xff")
    assert not build.is_fresh()


def test_page_is_built_for_production_whatever_the_shell_says(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """React has another version for whoever develops: larger, and slower."""
    vite = tree / "node_modules" / "vite" / "bin" / "vite.js"
    vite.parent.mkdir(parents=True)
    vite.write_text(
        "const folder = process.argv[process.argv.indexOf('--outDir') + 1]\n"
        "require('fs').mkdirSync(folder)\n"
        "require('fs').writeFileSync(folder + '/index.html', process.env.NODE_ENV)\n"
    )
    monkeypatch.setattr(node, "PACKAGES", tree / "node_modules")
    monkeypatch.setattr(node, "find", node.in_wheel)
    monkeypatch.setattr(node, "install", lambda node, *, dev: None)
    monkeypatch.setattr(build, "ROOT", tree)
    monkeypatch.setenv("NODE_ENV", "development")
    (build.PAGE / build.STAMP).unlink()
    build.build()
    assert (build.PAGE / "index.html").read_text() == "production"


LOCK = {
    "": {"version": "1.0.0"},
    "node_modules/vite": {"version": "1.0.0"},
    "node_modules/vitest": {"version": "1.0.0", "dev": True},
    "node_modules/for-others": {"version": "1.0.0", "optional": True},
}
VITE, VITEST, OTHER = list(LOCK)[1:]


@pytest.mark.parametrize(
    ("there", "built", "tested"),
    [
        ({}, False, False),
        ({VITE: "1.0.0"}, True, False),
        ({VITE: "1.0.1"}, False, False),
        ({VITE: "1.0.0", VITEST: "1.0.0"}, True, True),
        ({VITE: "1.0.0", VITEST: "0.9.0"}, False, False),
        ({VITE: "1.0.0", OTHER: "0.9.0"}, False, False),
        ({VITEST: "1.0.0"}, False, False),
    ],
)
def test_what_is_installed_is_what_is_locked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: dict[str, str],
    built: bool,
    tested: bool,
) -> None:
    monkeypatch.setattr(node, "LOCK", tmp_path / "lock.json")
    monkeypatch.setattr(node, "INSTALLED", tmp_path / "installed.json")
    assert not node.is_installed(dev=False)  # no file at all
    packages = {name: {"version": version} for name, version in there.items()}
    node.LOCK.write_text(json.dumps({"packages": LOCK}))
    node.INSTALLED.write_text(json.dumps({"packages": packages}))
    assert (node.is_installed(dev=False), node.is_installed(dev=True)) == (built, tested)


def test_npm_that_cannot_reach_its_registry_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((WEB / name).read_bytes())
    monkeypatch.setattr(node, "WEB", tmp_path)
    monkeypatch.setattr(node, "INSTALLED", tmp_path / "none")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    wheel = node.in_wheel()
    assert wheel is not None
    with pytest.raises(node.NodeError) as error:
        node.install(wheel, dev=False)
    told = str(error.value)
    assert "could not get the packages of the page" in told
    assert "ECONNREFUSED" in told
    assert "npm_config_registry" in told
    assert len(told.splitlines()) < 10
