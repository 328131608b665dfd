"""Every detector of a home, in the order in which it is asked."""

from agent.detect.asking import Asking
from agent.detect.bed import BedExit
from agent.detect.button import Sos
from agent.detect.company import Company
from agent.detect.daily_call import DailyCall
from agent.detect.detector import Detector
from agent.detect.doors import DoorLeftOpen, NightExit
from agent.detect.environment import Environment
from agent.detect.possible_fall import PossibleFall
from agent.detect.routine import NotHome, NotUp
from agent.detect.routine_change import RoutineChange
from agent.detect.supervision import ProofOfWatch
from agent.detect.trust import Trust
from agent.detect.whereabouts import Whereabouts
from agent.nouns import Home


def detectors(
    home: Home, whereabouts: Whereabouts, company: Company, trust: Trust, proof: ProofOfWatch
) -> list[Detector]:
    """The first two are there for the others to read; the last looks at what the others are waiting for."""
    roster: list[Detector] = [
        whereabouts,
        company,
        PossibleFall(home, whereabouts, trust, company),
        Sos(home, whereabouts),
        BedExit(home, whereabouts),
        NightExit(home, whereabouts),
        DoorLeftOpen(home, whereabouts),
        NotUp(home, whereabouts),
        NotHome(home, whereabouts),
        Environment(home, whereabouts),
        RoutineChange(home, whereabouts, trust),
        DailyCall(proof),
    ]
    return [*roster, Asking(home, roster)]
