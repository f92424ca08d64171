"""YAML read strictly: nothing turns into what its author did not type, and nothing hangs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.config.strict_yaml import MOST_BYTES, read
from kioskd.config.yaml_document import Path, Place, Problem, Value, dotted


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("0", 0),
        ("-3", -3),
        ("8883", 8883),
        ("012", "012"),
        ("0o14", "0o14"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("00.5", "00.5"),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", "Null"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_scalar_is_what_was_typed(typed: str, value: Value) -> None:
    document = read(f"key: {typed}", "f")
    assert document.problems == ()
    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)


@pytest.mark.parametrize("key", ["1", "on", "null", "true", "0.5", "~", "2026-01-31"])
def test_a_key_is_a_name_whatever_it_looks_like(key: str) -> None:
    assert read(f"{key}: 1", "f").value == {key: 1}


@pytest.mark.parametrize(
    ("text", "line", "column", "path", "says"),
    [
        ("", 1, 1, "", "is empty"),
        ("# only a comment", 1, 1, "", "is empty"),
        ("just text", 1, 1, "", "must hold `key: value` lines at the top (found a single value)"),
        ("- 1", 1, 1, "", "must hold `key: value` lines at the top (found a list)"),
        ("a: 1\nb:\n  c: 2\na: 3", 4, 1, "a", "duplicate key, already set on line 1"),
        ("b:\n  c: 2\n  c: 3", 3, 3, "b.c", "duplicate key, already set on line 2"),
        ("a: !!int 3", 1, 4, "a", "a tag (!) is not allowed; put such text in quotes"),
        ("a: !x y", 1, 4, "a", "a tag (!) is not allowed; put such text in quotes"),
        ("a: {<<: {b: 1}}", 1, 5, "a", "a merge key (<<) is not allowed; write the keys out"),
        ("%YAML 1.1\n---\na: 1", 1, 1, "", "begins with a % directive; leave it out"),
        ("a: 1\n---\nb: 2", 2, 1, "", "a second document begins here; only one is allowed"),
        ("a:\n\tb: 1", 2, 1, "", "is not valid YAML: a tab cannot indent YAML; use spaces"),
        ("a: b: c", 1, 5, "", "is not valid YAML: a second `: ` on this line"),
        ("a: 1\n b: 2", 2, 3, "", "is not valid YAML: a second `: ` on this line, or wrong ind"),
        ("a:\n  b: 1\n c: 2", 3, 2, "", "is not valid YAML: indented differently from the lines"),
        ("a: [1 2\nb: 2", 1, 4, "", "is not valid YAML: a bracket is opened here; it is not"),
        ("a: {b: 1\n\nc: 2\n", 1, 4, "", "is not valid YAML: a bracket is opened here; it is"),
        ("a: [1, {b: 2]", 1, 13, "", "is not valid YAML: a `,` or the closing bracket is missing"),
        ("a: 'b\n  c'", 1, 4, "a", "a quote is opened here and closed only on line 2; close it"),
        ('x: 1\na: "b\nc: 1\n\n\nd: "e"\n', 2, 4, "", "is not valid YAML: a quote is opened"),
        ("a: 'b\nc: 1\nd: 2 # don't\ne: 3", 1, 4, "", "is not valid YAML: a quote is opened he"),
        ("x: 1\na: 'b\nc: 1", 2, 4, "", "is not valid YAML: a quote is opened here and never"),
        ("a: 1\nport 80\nb: 2", 2, 1, "", "is not valid YAML: there is no `: ` after this key"),
        ('a: "\\d"', 1, 6, "", 'is not valid YAML: a \\ in "..." begins an escape; use'),
        ("a: @b", 1, 4, "", "is not valid YAML: text beginning with this character needs quotes"),
        ("a: *b", 1, 4, "a", "a * alias with no such & anchor above it; put text that begins"),
        ("a: &b [*b]", 1, 8, "a[0]", "a * alias with no such & anchor above it"),
        ("? [1, 2]\n: 3", 1, 3, "", "a key must be one word"),
        ("a: {'': 1}", 1, 5, "a", "a key is missing before the colon"),
        ('a: "\\UFFFFFFFF"', 1, 7, "", "is not valid YAML: a number or escape is too large"),
        ('a: "\\ud800"', 1, 4, "a", "half of a surrogate pair is not text"),
        ('a: "b\\0"', 1, 4, "a", "holds a line break or another character that is no text"),
        ('a: "b\\nc"', 1, 4, "a", "holds a line break or another character that is no text"),
        ("a: |\n  b\n", 1, 4, "a", "holds a line break or another character that is no text"),
        ("a: 1\nb: x\0", 2, 5, "", "holds a character that text has no use for (U+0000)"),
    ],
)
def test_a_mistake_is_told_where_it_stands(
    text: str, line: int, column: int, path: str, says: str
) -> None:
    (problem,) = read(text, "f").problems
    assert (problem.line, problem.column, problem.path) == (line, column, path)
    assert problem.text.startswith(says)


def test_bytes_that_are_not_utf_8_are_told_with_their_place() -> None:
    (problem,) = read(b"a: 1\nb: caf\xe9", "f").problems
    assert problem == Problem(2, 7, "", "is not UTF-8 (byte 0xE9); save the file as UTF-8")


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    document = read(b"\xef\xbb\xbfsite: hq", "f")
    assert document.value == {"site": "hq"}
    assert document.key_mark(("site",)) == Place(1, 1)


def test_every_duplicate_is_told_and_the_first_one_stays() -> None:
    document = read("a: 1\na: 2\na: 3", "f")
    assert [problem.line for problem in document.problems] == [2, 3]
    assert document.value == {"a": 1}


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    document = read("a: &x {b: 1}\nc: *x", "f")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.mark(("c", "b")) == Place(1, 11)


def test_aliases_of_aliases_do_not_unfold_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    (problem,) = read("\n".join(lines), "f").problems
    assert problem.text == "holds more than 20000 values, aliases unfolded"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: " + "[" * 30 + "]" * 30,
        "".join(" " * depth + "a:\n" for depth in range(600)),
    ],
    ids=["[", "{", "-", "?", "closed", "indented"],
)
def test_depth_is_bounded(text: str) -> None:
    document = read(text, "f")
    assert len(document.problems) == 1
    assert not document.readable


def test_a_long_chain_of_aliases_is_still_read_without_a_traceback() -> None:
    lines = ["a0: &a0 [1]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 130))]
    document = read("\n".join(lines), "f")
    assert document.problems == ()
    assert len(document.value) == 130


def test_size_is_bounded() -> None:
    (problem,) = read("#" * (MOST_BYTES + 1), "f").problems
    assert problem.text == "is larger than 256 KiB, which no such file is"


def test_marks_name_keys_and_values() -> None:
    document = read("a:\n  b: 7\n  c: [x, y]\n", "f")
    assert document.key_mark(("a", "b")) == Place(2, 3)
    assert document.mark(("a", "b")) == Place(2, 6)
    assert document.mark(("a", "c", 1)) == Place(3, 10)


@pytest.mark.parametrize("path", [("a", "nothing"), ("a", "nothing", "more"), ("a", "b", "c")])
def test_what_is_missing_is_marked_at_the_nearest_parent(path: Path) -> None:
    document = read("z: 1\na:\n  b: 7\n", "f")
    parent = ("a", "b") if "b" in path else ("a",)
    assert document.key_mark(path) == document.key_mark(parent)
    assert document.node(path) is None


def test_a_path_in_a_message_stops_where_a_key_looks_like_no_name() -> None:
    assert dotted(("mqtt", "password:hunter2", 3)) == "mqtt.password…[3]"
    assert dotted(("feeds", "tür-1")) == "feeds.tür-1"


@pytest.mark.parametrize(
    "text", ["p: !hunter2!x y", "p: *hunter2", "p: 'hunter2", "hunter2", "p: &hunter2"]
)
def test_no_message_repeats_what_may_be_part_of_a_password(text: str) -> None:
    problems = read(text, "f").problems
    assert not any("hunter2" in f"{problem.path}{problem.text}" for problem in problems)


@given(st.text() | st.binary() | st.text(alphabet="ab:- \n[]{}&*!|>'\"%@`#?,\t\\x0.1"))
def test_whatever_is_read_ends_in_values_or_problems(source: str | bytes) -> None:
    document = read(source, "f")
    assert document.problems or document.value is not None
    for problem in document.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.text.isprintable()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.booleans() | st.integers(-(10**17), 10**17) | st.none(),
        min_size=1,
    )
)
def test_plain_values_are_read_as_they_were_written(values: dict[str, bool | int | None]) -> None:
    words: dict[object, str] = {True: "true", False: "false", None: "null"}
    typed = {k: str(v) if type(v) is int else words[v] for k, v in values.items()}
    document = read("\n".join(f"{key}: {text}" for key, text in typed.items()), "f")
    assert document.value == values
