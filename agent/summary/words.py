"""A catalogue of words, and how a sentence is said with it. A second language is a second file beside words_en.toml."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, cast

from agent.civil import Wall
from agent.nouns import DAY_MS, MINUTE_MS, Instant, Reading
from agent.summary.counts import Evidence
from agent.summary.day import Day, Figure
from agent.summary.sentences import Sentence, Word
from agent.summary.spans import Span


def _polish(n: int) -> str:
    if n == 1:
        return "one"
    return "few" if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else "many"


# The rules of plurals, as Unicode's CLDR has them; a language names its own.
PLURALS: Final[Mapping[str, Callable[[int], str]]] = {
    "one-other": lambda n: "one" if n == 1 else "other",
    "one-few-many": _polish,
    "other": lambda n: "other",
}
DAY_MINUTES: Final = 24 * 60
HOUR_MINUTES: Final = 60


class Words:
    """``catalogue``: a words file as TOML reads it."""

    def __init__(self, catalogue: Mapping[str, object]) -> None:
        self._all = catalogue
        self._say = cast(Mapping[str, Mapping[str, str]], catalogue["say"])
        self._compared = cast(Mapping[str, Mapping[str, str]], catalogue["compared"])
        self._plural = PLURALS[self.text("plural")]
        self.page = self.table("page")
        self.language = self.text("language")

    def text(self, key: str) -> str:
        return cast(str, self._all[key])

    def table(self, key: str) -> Mapping[str, str]:
        return cast(Mapping[str, str], self._all[key])

    # -- sentences ---------------------------------------------------------------------------------------------

    def say(self, sentence: Sentence, day: Day) -> str:
        """The whole sentence."""
        forms = self._say[sentence.key]
        said = self._form(forms, sentence.many).format(
            **{name: self.word(word, day) for name, word in sentence.words.items()}
        )
        said = said[:1].upper() + said[1:] if "at" not in sentence.words else self._after_time(said)
        if sentence.compared:
            usual = self._range(sentence.words["low"], sentence.words["high"], day)
            return self._compared[sentence.form][sentence.compared].format(said=said, usual=usual)
        return said if said.endswith(".") else f"{said}."

    def _form(self, forms: Mapping[str, str], count: int | None) -> str:
        if count is None:
            return forms["other"]
        if count == 0 and "zero" in forms:
            return forms["zero"]
        return forms.get(self._plural(count)) or forms["other"]

    @staticmethod
    def _after_time(said: str) -> str:
        """A sentence begins with a capital behind its time too."""
        time, gap, rest = said.partition("  ")
        return f"{time}{gap}{rest[:1].upper()}{rest[1:]}"

    def _range(self, low: Word, high: Word, day: Day) -> str:
        return self._between(self.word(low, day), self.word(high, day))

    def _between(self, low: str, high: str) -> str:
        return low if low == high else self.text("range").format(low=low, high=high)

    def word(self, word: Word, day: Day) -> str:
        form, value = word
        if isinstance(value, str):
            return day.names[value] if form == "room" else self.table(form)[value]
        if form == "time":
            return self.time(value)
        if form == "length":
            return self.length(value)
        return self.moment(Instant(value), day) if form == "moment" else str(value)

    # -- figures and evidence ----------------------------------------------------------------------------------

    def time(self, minute: int) -> str:
        hour, rest = divmod(minute % DAY_MINUTES, HOUR_MINUTES)
        return self.text("time").format(hour=hour, minute=rest)

    def length(self, minutes: int) -> str:
        hours, rest = divmod(minutes, HOUR_MINUTES)
        return self.text("hours" if hours else "minutes").format(hours=hours, minutes=rest)

    def moment(self, at: Instant, day: Day) -> str:
        """A time, with the day where it is another one; the end of the day is midnight."""
        wall = Wall(day.timezone)
        number = wall.day(at)
        time = self.time(wall.local_ms(at) % DAY_MS // MINUTE_MS)
        if at == wall.instant(day.number + 1, 0):
            return self.text("midnight")
        if number == day.number:
            return time
        return self.text("day_before" if number < day.number else "day_after").format(time=time)

    def span(self, span: Span, day: Day) -> str:
        if span.since == span.until:
            return self.moment(span.since, day)
        return self.page["span"].format(since=self.moment(span.since, day), until=self.moment(span.until, day))

    def figure(self, figure: Figure, day: Day) -> str:
        """Its value: not measured, none, or how much."""
        if figure.value is None:
            return self.page["not_measured"]
        told = self.amount(figure.form, figure.value, day)
        return told if figure.form == "time" or figure.value else told + self.table("partly")[figure.partly]

    def amount(self, form: str, value: int, day: Day) -> str:
        """Of a figure of that form; none if it is."""
        return self.page["none"] if form != "time" and value == 0 else self.word((form, value), day)

    def usual(self, figure: Figure, day: Day) -> str:
        if figure.usual is None:
            return self.page["usual_unknown"]
        low, high = (self.amount(figure.form, value, day) for value in figure.usual)
        return self._between(low, high)

    def evidence(self, one: Evidence, day: Day) -> str:
        """One reading or stretch of time, in words; no sensor is named, only its room."""
        if isinstance(one, Span):
            return self.span(one, day)
        room = day.names.get(day.room_of.get(one.sensor, ""), "")
        return f"{self.moment(one.at, day)}, {room}: {self._reading(one)}"

    def _reading(self, reading: Reading) -> str:
        told = self.table("reading")
        if reading.quantity in told:
            if reading.value < 60:
                return told[f"{reading.quantity}_short"]
            return told[reading.quantity].format(value=self.length(reading.value // 60))
        return told[f"{reading.quantity}_{reading.value}"]

    @staticmethod
    def iso_date(number: int) -> str:
        return _date(number).isoformat()

    def date(self, number: int) -> str:
        return self._dated("date", number)

    def short_date(self, number: int) -> str:
        return self._dated("short_date", number)

    def dated_time(self, number: int, minute: int) -> str:
        """Of what is kept for years."""
        return self._dated("dated_time", number, time=self.time(minute))

    def _dated(self, form: str, number: int, **more: str) -> str:
        when = _date(number)
        weekdays, months = cast(list[str], self._all["weekdays"]), cast(list[str], self._all["months"])
        return self.text(form).format(
            weekday=weekdays[when.weekday()], day=when.day, month=months[when.month - 1], year=when.year, **more
        )


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def texts_of(catalogue: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a catalogue with its key: ``say.up.other``."""
    for key, value in catalogue.items():
        if isinstance(value, Mapping):
            yield from texts_of(value, f"{path}{key}.")
        elif isinstance(value, list):
            yield from ((f"{path}{key}.{n}", str(each)) for n, each in enumerate(value))
        else:
            yield f"{path}{key}", str(value)
