"""The one exception a user meets: what is wrong, where, and what would be right."""


class KilovoxError(Exception):
    """Bad input. The command line prints the message and exits with status 2."""


def not_installed(package: str, extra: str) -> KilovoxError:
    """The error of `package`, which the optional dependencies `extra` of kilovox bring."""
    return KilovoxError(
        f"{package} is not installed; expected pip install '.[{extra}]' in a clone of kilovox, or, from an index that has it, "
        f"pip install 'kilovox[{extra}]'"
    )
