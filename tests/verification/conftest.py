"""Fixtures of this room's tests."""

from compilers import compiler, compilers, pair

__all__ = ["compiler", "compilers", "pair"]
