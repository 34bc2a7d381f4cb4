"""The compiler, for the room of the C of this machine."""

from compilers import compiler

__all__ = ["compiler"]
