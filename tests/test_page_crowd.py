"""A crowd at a page gives way to all else on the hub; a family that looks need not wait for an idle machine."""

import http.client
import os
import resource
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agent.serving_io import Connections, server
from tests.brokers import until

CROWD = 3
ASKING = 8
MAY_COME_BACK = os.geteuid() == 0 or resource.getrlimit(resource.RLIMIT_NICE)[0] >= 20


class House:
    """A page that says how the thread which answers is scheduled; the first to ask waits until it may be answered."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked = 0
        self.made = server(self._answer, "127.0.0.1", 0, threads=1, connections=Connections(crowd=CROWD))
        self._loop = threading.Thread(target=self.made.run)
        self._loop.start()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked += 1
        self.may_answer.wait(20)
        start("200 OK", [])
        return [str(os.sched_getscheduler(0)).encode()]

    def ask(self, _: int) -> int:
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


def test_who_asks_while_many_wait_is_answered_when_nothing_else_runs_and_the_last_ones_as_ever(house: House) -> None:
    with ThreadPoolExecutor(ASKING) as crowd:
        answers = [crowd.submit(house.ask, 0)]
        until(lambda: house.asked == 1, "one is being answered")
        answers += [crowd.submit(house.ask, number) for number in range(1, ASKING)]
        until(lambda: house.waiting() == ASKING - 1, "all others wait")
        house.may_answer.set()
        policies = [answer.result() for answer in answers]
    gave_way = ASKING - 2 - CROWD if MAY_COME_BACK else 0
    assert policies.count(os.SCHED_IDLE) == gave_way
    assert policies.count(os.sched_getscheduler(0)) == ASKING - gave_way


def test_a_few_who_look_at_once_do_not_give_way(house: House) -> None:
    house.may_answer.set()
    assert [house.ask(number) for number in range(CROWD)] == [os.sched_getscheduler(0)] * CROWD
