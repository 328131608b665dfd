"""Pages, on werkzeug and jinja2: which view answers which path, what a view is told, and what its answer becomes.

Flask does this and much besides; the rest of it took 3 MiB of each process that serves a page (ARCHITECTURE.md). The
names are its names.
"""

import agent.lean_io as _lean  # noqa: F401  # before anything of werkzeug

# isort: split
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from jinja2 import Environment, FileSystemLoader, select_autoescape
from werkzeug.exceptions import HTTPException as HTTPException
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, NotFound
from werkzeug.exceptions import abort as _abort
from werkzeug.local import LocalProxy
from werkzeug.routing import Map, MapAdapter, Rule
from werkzeug.utils import redirect as redirect  # the views take it from here
from werkzeug.utils import send_from_directory
from werkzeug.wrappers import Request as _Request
from werkzeug.wrappers import Response as _Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

View = Callable[..., Any]
V = TypeVar("V", bound=View)
P = TypeVar("P", bound=Callable[[], Mapping[str, object]])
Wrong = Callable[[Any], Any]  # what is answered to a fault


class Response(_Response):
    default_mimetype = "text/html"


class Request(_Request):
    endpoint: str | None = None  # of the view that answers; None: no page is there


class Held:
    """What the views of one request hand to each other."""

    session: Any

    def get(self, name: str) -> Any:
        return vars(self).get(name)


class _Turn:
    """One request, in the thread that answers it."""

    def __init__(self, app: "Application", request: Request, ways: MapAdapter) -> None:
        self.app, self.request, self.ways, self.g = app, request, ways, Held()


_turn: ContextVar[_Turn] = ContextVar("turn")
request: Request = LocalProxy(_turn, "request")  # type: ignore[assignment]  # it stands for the one that is answered
g: Held = LocalProxy(_turn, "g")  # type: ignore[assignment]
current_app: "Application" = LocalProxy(_turn, "app")  # type: ignore[assignment]


def abort(code: int, why: str = "") -> NoReturn:
    """The answer to this request is that refusal."""
    _abort(code, why or None)


def url_for(endpoint: str, /, **values: object) -> str:
    """The path of a page, as the application has it."""
    return _turn.get().ways.build(endpoint, values)


def render_template(name: str, /, **values: object) -> str:
    app = current_app
    for more in app.processors:
        values = dict(more()) | values
    return app.jinja_env.get_template(name).render(values)


class Pages:
    """Views and what their templates may call. ``module``: beside it lie templates/ and static/; ``templates``: another
    folder, looked into after that. The endpoint of a view is ``name.`` and what it is called."""

    def __init__(self, name: str, module: str, templates: Path | None = None) -> None:
        self.name, self.folder = name, Path(str(sys.modules[module].__file__)).parent
        self.templates = [self.folder / "templates", *([templates] if templates else [])]
        self.rules: list[tuple[str, str, str, View]] = []
        self.processors: list[Callable[[], Mapping[str, object]]] = []
        self.filters: dict[str, Callable[..., Any]] = {}

    def _at(self, path: str, method: str) -> Callable[[V], V]:
        def taken(view: V) -> V:
            self.rules.append((path, f"{self.name}.{view.__name__}", method, view))
            return view

        return taken

    def get(self, path: str) -> Callable[[V], V]:
        return self._at(path, "GET")

    def post(self, path: str) -> Callable[[V], V]:
        return self._at(path, "POST")

    def context_processor(self, names: P) -> P:
        self.processors.append(names)
        return names

    def template_filter(self, name: str) -> Callable[[V], V]:
        def taken(view: V) -> V:
            self.filters[name] = view
            return view

        return taken


class Application:
    """Serves ``pages`` by WSGI. ``form_bytes`` and ``form_parts``: of a form; a longer one is refused (413)."""

    def __init__(self, pages: Pages, form_bytes: int, form_parts: int, config: Mapping[str, Any]) -> None:
        self.config = config
        self.processors = pages.processors
        self.before: list[Callable[[], None]] = []
        self.after: list[Callable[[Response], None]] = []
        self.wrong: dict[type[Exception], Wrong] = {}
        self._form_bytes, self._form_parts, self._static = form_bytes, form_parts, pages.folder / "static"
        self._map = Map(merge_slashes=False)  # so that nothing is redirected
        self._views: dict[str | None, View] = {}
        self.jinja_env = Environment(
            loader=FileSystemLoader(pages.templates),
            autoescape=select_autoescape(),
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.jinja_env.globals |= {"url_for": url_for, "request": request}
        self.jinja_env.filters |= pages.filters
        self.add("/static/<path:filename>", "static", "GET", self._file)
        for rule in pages.rules:
            self.add(*rule)

    def add(self, path: str, endpoint: str, method: str, view: View) -> None:
        self._map.add(Rule(path, endpoint=endpoint, methods=[method]))
        self._views[endpoint] = view

    def _file(self, filename: str) -> _Response:
        return send_from_directory(self._static, filename, request.environ)

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        asked = Request(environ)
        asked.max_content_length = asked.max_form_memory_size = self._form_bytes
        asked.max_form_parts = self._form_parts
        ways = self._map.bind("", path_info=asked.path, default_method=asked.method)  # no path holds what Host says
        turn = _Turn(self, asked, ways)
        token = _turn.set(turn)
        try:
            answer = _response(self._answer(turn))
            for step in self.after:
                step(answer)
            return answer(environ, start)
        finally:
            asked.close()
            _turn.reset(token)

    def _answer(self, turn: _Turn) -> Any:
        """Of the view, or of what answers its fault. What ``before`` refuses is refused, page or none."""
        try:
            values, missed = self._found(turn)
            for step in self.before:
                step()
            if missed is not None:
                raise missed
            return self._views[turn.request.endpoint](**values)
        except Exception as fault:
            for kind, said in self.wrong.items():
                if isinstance(fault, kind):
                    return said(fault)
            traceback.print_exc()  # ours, and never the browser's to read
            return self.wrong[HTTPException](InternalServerError())

    def _found(self, turn: _Turn) -> tuple[Mapping[str, Any], HTTPException | None]:
        try:
            turn.request.endpoint, values = turn.ways.match()
        except (NotFound, MethodNotAllowed) as missed:
            return {}, missed
        return values, None


def _response(said: Any) -> Response:
    """Of what a view returns: text or bytes, with a status or with headers or with both; or a response."""
    if isinstance(said, _Response):
        return said  # type: ignore[return-value]  # a redirection, or a file
    body, *rest = said if isinstance(said, tuple) else (said,)
    made = Response(body)
    for one in rest:
        if isinstance(one, int):
            made.status_code = one
        else:
            made.headers.update(one)
    return made
