"""What answers a browser at any page of ours, whosever it is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client

from agent.pages_io import Application, Pages, abort, g, redirect, render_template, request, url_for
from tests.conftest import ROOT

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A page with a hall, a cellar that falls in, and a letter box."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hall.html").write_text(
        "<p>{{ name }}, {{ street }}, {{ url_for('page.hall', name='a b') }}"
    )
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "page.css").write_text("p {}")
    module = type(sys)("a_home")
    module.__file__ = str(tmp_path / "home.py")
    monkeypatch.setitem(sys.modules, "a_home", module)
    pages = Pages("page", "a_home")

    @pages.get("/hall/<name>")
    def hall(name: str) -> Any:
        return render_template("hall.html", name=name)

    @pages.get("/cellar")
    def cellar() -> Any:
        raise RuntimeError("the ceiling came down")

    @pages.post("/letters")
    def letters() -> Any:
        return redirect(url_for("page.hall", name=request.form["to"]), 303)

    pages.context_processor(lambda: {"street": "Mill Lane"})
    app = Application(pages, form_bytes=100, form_parts=2, config={})
    app.before.append(lambda: abort(403, "shut") if request.args else setattr(g, "session", None))
    app.wrong = {HTTPException: lambda fault: (f"no: {fault.code} {request.endpoint}", fault.code)}
    return Client(app)


def test_a_page_is_filled_in_and_a_name_cannot_leave_its_place(home: Client) -> None:
    assert home.get("/hall/<b>Ann").text == "<p>&lt;b&gt;Ann, Mill Lane, /hall/a%20b"


def test_what_breaks_is_told_to_the_log_and_not_to_the_browser(
    home: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = home.get("/cellar")
    assert (answer.status_code, answer.text) == (500, "no: 500 page.cellar")
    assert "the ceiling came down" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["//hall/ann", "/hall//ann", "/hall/ann/", "//evil.example/", "/static/../home.py"])
def test_a_path_that_is_nearly_one_of_ours_leads_nowhere(home: Client, path: str) -> None:
    answer = home.get(path)
    assert (answer.status_code, "Location" in answer.headers) == (404, False)


def test_a_redirection_stays_here_whatever_host_was_asked_for(home: Client) -> None:
    for host in ("evil.example", "[", "xn--\u00e9.example", ""):
        answer = home.post("/letters", data="to=ann", headers=FORM | {"Host": host})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/hall/ann"), host


def test_a_form_that_is_too_long_is_refused(home: Client) -> None:
    assert home.post("/letters", data="to=" + "a" * 100, headers=FORM).status_code == 413
    assert home.get("/letters").status_code == 405


def test_what_is_refused_before_is_refused_where_there_is_no_page_too(home: Client) -> None:
    assert home.get("/attic?x=1").text == "no: 403 None"
    assert home.get("/attic").text == "no: 404 None"


def test_a_file_beside_the_page_is_handed_out(home: Client) -> None:
    answer = home.get("/static/page.css", buffered=True)
    assert (answer.text, answer.mimetype) == ("p {}", "text/css")
    again = home.get("/static/page.css", headers={"If-None-Match": answer.headers["ETag"]}, buffered=True)
    assert again.status_code == 304


def test_a_page_carries_no_server_and_no_test_client_of_werkzeugs_along() -> None:
    """They are 1.4 MiB of each process that serves one; whoever does import one has it."""
    looks = (
        "import sys, agent.page.serve_io\n"
        "assert not {'werkzeug.serving', 'werkzeug.test', 'http.server'} & sys.modules.keys()\n"
        "from werkzeug.test import Client\n"
        "assert callable(Client)"
    )
    subprocess.run([sys.executable, "-c", looks], check=True, cwd=ROOT)
