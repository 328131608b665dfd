"""Every kind of alert: how urgent it is, and what is said of it."""

from typing import Final

SEVERITY: Final = {
    "sos": "critical",
    "possible_fall": "critical",
    "smoke": "critical",
    "bed_exit": "high",
    "night_exit": "high",
    "not_up": "high",
    "not_home": "high",
    "home_not_watched": "high",
    "door_left_open": "medium",
    "leak": "medium",
    "low_temperature": "medium",
    "sensor_lost": "medium",
    "sensor_mute": "medium",
    "sensor_stuck": "medium",
    "sensor_chattering": "medium",
    "battery_low": "medium",
    "tamper": "medium",
    "link_lost": "medium",
    "upstream_lost": "medium",
    "clock_unknown": "medium",
    "storage_fault": "medium",
    "model_fault": "medium",
    "agent_fault": "medium",
    "power_fault": "medium",
    "routine_change": "low",
    "test_call": "info",
}

# kind -> what is said when it is raised, updated, cleared. {since} and {at} are the resident's wall clock.
TEXTS: Final = {
    "sos": ("Help button pressed at {since}.", "Help button pressed again at {at}.", ""),
    "possible_fall": (
        "No movement since {since}; last seen in the {room}.",
        "No movement was seen since {since}; the home can no longer be seen.",
        "Movement seen again at {at}.",
    ),
    "home_not_watched/consent": (
        "Since {since} this home is not watched, by the wish of who lives there; help buttons are off too.",
        "",
        "This home is watched again, by the wish of who lives there.",
    ),
    "possible_fall/sensor": (
        "The fall sensor in the {room} reports a fall at {since}.",
        "The fall sensor in the {room} reports a fall again at {at}.",
        "The fall sensor in the {room} no longer reports a fall.",
    ),
    "smoke": ("Smoke or gas reported in the {room}.", "", "The sensor in the {room} no longer reports smoke or gas."),
    "bed_exit": ("Out of bed since {since} and not back.", "", "Back in bed, or up for the day, at {at}."),
    "night_exit": (
        "An outside door was opened at {since}; nobody has been seen inside since.",
        "",
        "Movement seen inside again at {at}.",
    ),
    "not_up": ("No sign of getting up by {at}.", "", "Up: movement seen at {at}."),
    "not_home": ("Out since {since}; not back by {at}.", "", "Back home: movement seen at {at}."),
    "home_not_watched": (
        "The home cannot be observed: {why}.",
        "The home still cannot be observed: {why}.",
        "The home is observed again.",
    ),
    "door_left_open": ("An outside door has been open since {since}.", "", "The outside door was closed at {at}."),
    "leak": ("Water reported in the {room}.", "", "The sensor in the {room} no longer reports water."),
    "low_temperature": ("The {room} has been cold since {since}.", "", "The {room} is warm again."),
    "sensor_lost": (
        "Not heard since {since}: {sensor}.",
        "Not heard since {since}, and more went with it: {sensor}.",
        "Heard again: {sensor}.",
    ),
    "sensor_mute": (
        "{sensor} answers but has seen nobody since {since}, while others have.",
        "",
        "{sensor} sees again.",
    ),
    "sensor_stuck": ("{sensor} has said the same since {since}.", "", "{sensor} changes again."),
    "sensor_chattering": ("{sensor} reported {count} times in a {span}.", "", "{sensor} has calmed down."),
    "battery_low": ("The battery of {sensor} is low.", "", "The battery of {sensor} is good again."),
    "tamper": ("{sensor} reports that it was opened or moved.", "", "{sensor} is closed again."),
    "link_lost": ("No connection to the {link} sensors since {since}.", "", "The {link} sensors are connected again."),
    "upstream_lost": ("No connection to the {centre} since {since}: {why}.", "", "The {centre} is connected again."),
    "upstream_lost/unsigned": (
        "The monitoring centre has signed for nothing since {since}.",
        "",
        "The monitoring centre signs again.",
    ),
    "clock_unknown": ("The hub does not know the time.", "", "The hub knows the time again."),
    "storage_fault": ("The hub's storage: {subject}.", "", "The hub's storage works again ({subject})."),
    "model_fault": (
        "The {model} model cannot be used; the rule without a model has taken over: {why}.",
        "",
        "The {model} model is in use again.",
    ),
    "agent_fault": ("The {subject} detector failed and was switched off: {why}.", "", "Back in use."),
    "power_fault": ("The hub's power supply is too weak.", "", "The hub's power supply is good again."),
    "routine_change": ("{why}", "{why}", "As usual again."),
    "test_call": ("Test call.", "", ""),
    "test_call/walk": ("Test call, asked for by whoever tests this home.", "", ""),
    "test_call/button": ("Test call: a help button was pressed when the walk test asked for it.", "", ""),
}
assert SEVERITY.keys() <= TEXTS.keys()

ROOMS: Final = {"living": "living room", "other": "room"}
