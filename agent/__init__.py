"""Hearthwatch: the agent on a home's hub."""

VERSION = "0.1.0"
# Until then what threatens its safety is mended in this version or a newer one, free of charge: five years from when it
# is first sold, the least that EU law wants of a product with a network line (2024/2847, article 13), and what the UK's
# wants to be named (PSTI). A hub stays in a home for longer than a telephone: shorten it never.
SUPPORTED_UNTIL = "2031-12-31"
