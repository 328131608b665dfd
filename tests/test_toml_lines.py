"""Where a key stands, for every way of writing it."""

from agent.toml_lines import line_of, lines_of

TEXT = '''\
# [not.a.table] key = 1
top = 1
long = """
fake = 1
[[fake]]
""" # ]
raw = \'\'\'
fake = "
\'\'\'
list = [ # [
  "]", { a = "}" },
  [1, 2],
]
"quoted key" . 'b=c' = 2   # a # b

[ table . "x]y" ]   # [t]
a.b.c = 1979-05-27T07:32:00Z
\t[[array]]
a = ""
[array.sub]
b = """"quoted""""
[[array]]
[[array.inner]]
[[array.inner]]
c = 1
inline = {x = 1, y = "
"}
'''.replace('"\n"}', '"}')


def test_every_key_is_found_where_it_stands() -> None:
    assert dict(lines_of(TEXT)) == {
        (): 1,
        ("top",): 2,
        ("long",): 3,
        ("raw",): 7,
        ("list",): 10,
        ("quoted key",): 14,
        ("quoted key", "b=c"): 14,
        ("table",): 16,
        ("table", "x]y"): 16,
        ("table", "x]y", "a"): 17,
        ("table", "x]y", "a", "b"): 17,
        ("table", "x]y", "a", "b", "c"): 17,
        ("array",): 18,
        ("array", 0): 18,
        ("array", 0, "a"): 19,
        ("array", 0, "sub"): 20,
        ("array", 0, "sub", "b"): 21,
        ("array", 1): 22,
        ("array", 1, "inner"): 23,
        ("array", 1, "inner", 0): 23,
        ("array", 1, "inner", 1): 24,
        ("array", 1, "inner", 1, "c"): 25,
        ("array", 1, "inner", 1, "inline"): 26,
    }


def test_what_has_no_line_of_its_own_stands_where_its_table_is() -> None:
    lines = lines_of(TEXT)
    assert line_of(("list", 1, "a"), lines) == 10
    assert line_of(("array", 0, "missing"), lines) == 18
    assert line_of(("nowhere",), lines) == 1
