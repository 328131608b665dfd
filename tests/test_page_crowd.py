"""A crowd at a page gives way to all else on the hub; a family that looks need not wait for an idle machine."""

import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from agent.serving_io import NO_CROWD, Connections, server
from tests.brokers import until

CROWD = 3
ASKING = 8
ASKS = 20  # connections and requests of one address
THERE_AND_BACK = "import os; f, p = os.sched_setscheduler, os.sched_param(0); f(0, os.SCHED_IDLE, p); f(0, 0, p)"
MAY_COME_BACK = subprocess.run([sys.executable, "-c", THERE_AND_BACK], capture_output=True, check=False).returncode == 0


class House:
    """A page that says how the thread which answers is scheduled; whoever asks waits until it may answer."""

    def __init__(self, crowd: int = CROWD) -> None:
        self.may_answer = threading.Event()
        self.made = server(
            self._answer, "127.0.0.1", 0, threads=1, connections=Connections(asks=ASKS, a_second=1, crowd=crowd)
        )
        self._loop = threading.Thread(target=self.made.run)
        self._loop.start()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.may_answer.wait(20)
        start("200 OK", [])
        return [str(os.sched_getscheduler(0)).encode()]

    def ask(self) -> int:
        line = http.client.HTTPConnection("127.0.0.1", int(self.made.effective_port), timeout=20)
        line.request("GET", "/")
        policy = int(line.getresponse().read())
        line.close()
        return policy

    def close(self) -> None:
        self.may_answer.set()
        self.made.trigger.pull_trigger(self.made.close)
        self._loop.join(20)
        self.made.task_dispatcher.shutdown()

    def waiting(self) -> int:
        return len(self.made.task_dispatcher.queue)


@pytest.fixture
def house() -> Iterator[House]:
    found = House()
    yield found
    found.close()


def test_while_many_wait_the_page_runs_when_nothing_else_wants_to_and_afterwards_as_ever(house: House) -> None:
    as_ever = os.sched_getscheduler(0)
    with ThreadPoolExecutor(ASKING) as crowd:
        answers = [crowd.submit(house.ask) for _ in range(ASKING)]
        until(lambda: house.waiting() == ASKING - 1, "one is answered, all others wait")
        given = os.SCHED_IDLE if MAY_COME_BACK else as_ever
        until(lambda: os.sched_getscheduler(0) == given, "the page gives way")
        house.may_answer.set()
    assert given in [answer.result() for answer in answers]
    until(lambda: os.sched_getscheduler(0) == as_ever, "nobody waits any more")


def test_while_somebody_is_refused_the_page_gives_way_too(house: House) -> None:
    as_ever = os.sched_getscheduler(0)
    house.may_answer.set()
    with suppress(OSError, http.client.HTTPException):
        for _ in range(2 * ASKS):
            house.ask()
    given = os.SCHED_IDLE if MAY_COME_BACK else as_ever
    until(lambda: os.sched_getscheduler(0) == given, "it was asked too often")
    until(lambda: os.sched_getscheduler(0) == as_ever, "it is not asked any more")


def test_a_page_of_another_kind_never_gives_way() -> None:
    found = House(NO_CROWD)
    try:
        found.may_answer.set()
        heard = set[int]()
        with suppress(OSError, http.client.HTTPException):
            for _ in range(2 * ASKS):
                heard.add(found.ask())
        assert heard == {os.sched_getscheduler(0)}
    finally:
        found.close()


def test_a_few_who_look_at_once_do_not_make_it_give_way(house: House) -> None:
    house.may_answer.set()
    assert [house.ask() for _ in range(CROWD)] == [os.sched_getscheduler(0)] * CROWD
