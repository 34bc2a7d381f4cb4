"""The one exception a user meets: what is wrong, where, and what would be right."""


class KilovoxError(Exception):
    """Bad input. The command line prints the message and exits with status 2."""
