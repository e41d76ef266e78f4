from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.errors import RecipeError
from distiliqa.lab.data.simulation_recipe import load_simulation_recipe
from distiliqa.lab.recipe_file import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES, parse_yaml
from distiliqa.lab.train.recipe import load_recipe


def laughs(line: str, count: int = 12) -> str:
    """Anchors of which each names the one before it ten times."""
    lines = ["a0: &a0 {k: 1}"]
    lines += [line.format(i=i, before=", ".join([f"*a{i - 1}"] * 10)) for i in range(1, count)]
    return "\n".join(lines)


REFUSED = {
    "flow 1000 deep": ("teacher: " + "[" * 1000 + "]" * 1000, "line 1 is nested more than 20 deep"),
    "flow 100000 deep": ("[" * 100_000, "line 1 is nested more than 20 deep"),
    "blocks deep": ("".join(f"{' ' * i}a:\n" for i in range(300)), "nested more than 20 deep"),
    "dashes": ("- " * 50_000, "nested more than 20 deep"),
    "anchors without end": (laughs("a{i}: &a{i} [{before}]"), "more than 10000 values"),
    "merges without end": (laughs("a{i}: &a{i} {{<<: [{before}]}}"), "more than 10000 values"),
    "an anchor in itself": ("a: &x [*x]", "line 1: an anchor that holds itself"),
    "timestamp": ("a: 1\nb: 2026-13-45", "line 2: '2026-13-45' is no 'timestamp'"),
    "not a timestamp": ("a: !!timestamp x", "'x' is no 'timestamp'"),
    "int": ("a: !!int x", "'x' is no 'int'"),
    "empty int": ("a: !!int ''", "'' is no 'int'"),
    "float": ("a: !!float x", "'x' is no 'float'"),
    "bool": ("a: !!bool x", "'x' is no 'bool'"),
    "set": ("a: !!set [1]", "expected a mapping node"),
    "5000 digits": ("seed: " + "9" * 5000, "a value of more than 1000 characters"),
    "5000 digits of a version": ("%YAML " + "9" * 5000 + ".1\n---\na: 1", "not YAML"),
    "no such character": (r'a: "\UFFFFFFFF"', "not YAML"),
    "half a character": (r'a: "\ud800"', "a character that cannot be printed"),
    "object": ("a: !!python/object:os.system x", "could not determine a constructor"),
    "twice": ("a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_plain_yaml_is_one_line_with_file_and_remedy(
    text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    for load in (load_recipe, load_simulation_recipe):
        with pytest.raises(RecipeError) as error:
            load(path)
        line = str(error.value)
        assert line.startswith(f"{path}: ")
        assert words in line
        assert line.endswith("; correct it")
        assert "\n" not in line
        assert len(line) < 400 + len(str(path))


def test_a_long_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("#" * (MAX_CHARACTERS + 1))
    with pytest.raises(RecipeError, match="larger than 256 KiB; check"):
        load_recipe(path)
    with pytest.raises(RecipeError, match="more than 262144 characters"):
        parse_yaml(path.read_text())


def test_limits_take_what_lies_within_them() -> None:
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert len(parse_yaml("[" + "1," * (MAX_VALUES - 1) + "]")) == MAX_VALUES - 1
    assert parse_yaml("") is None


def test_anchors_and_merges_still_work() -> None:
    content = parse_yaml("t: &t {epochs: 3, seed: 1}\ns: {<<: *t, epochs: 4}\nu: *t")
    assert content["s"] == {"epochs": 4, "seed": 1}
    assert content["u"] == content["t"]


def test_only_a_file_is_a_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="not a file; give a YAML file"):
        load_simulation_recipe(tmp_path)
