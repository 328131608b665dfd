"""Hearthwatch: the agent on a home's hub."""

VERSION = "0.1.0"
