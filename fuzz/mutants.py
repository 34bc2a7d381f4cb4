"""How much wrong code the tests let through: small random changes of the source, each run against the tests of its room.

    python fuzz/mutants.py [python|c] [--count 160] [--seed 1] [--only integer/network.py] [--workers 2]

A mutant is one token changed: a comparison, an operator, a constant, a condition, an error not raised. It is killed if a test
fails (or runs out of time), else it survives and is printed as it stands in the file. `fuzz/mutants.txt` lists survivors that
compute the same as the original, a line each with the reason (file, then the changed line, then why); they do not count.
Method: R. DeMillo, R. Lipton and F. Sayward, "Hints on Test Data Selection", IEEE Computer 11 (1978).
"""

import argparse
import ast
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "kilovox"
EXPLAINED = Path(__file__).with_name("mutants.txt")
SECONDS = 600

ROOMS: dict[str, tuple[str, ...]] = {
    "integer": ("tests/integer",),
    "frontend": ("tests/frontend", "tests/integer/test_stream.py"),
    "budget.py": ("tests/test_budget.py",),
    "corpus/splits.py": ("tests/corpus/test_splits.py",),
}
"""What is changed, and the tests that must notice."""
C_TESTS = ("tests/verification/test_host.py", "tests/verification/test_host_limits.py", "tests/verification/test_turns.py")
NOT_C = ("kv_dot4_dsp.c",)
NOT_HERE = re.compile(r"(KV_DSP|KV_THUMB1|defined\(__AVR__\))")
"""For other processors, a file and what is compiled under conditions that begin so: what runs here does not reach it."""

COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in",
    ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
OPERATORS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*"), ast.Div: ("/", "*"),
    ast.Mod: ("%", "//"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "argmax": "argmin", "any": "all", "all": "any",
}  # fmt: skip
C_TOKENS = [
    (r"(?<![<>=!+\-*/&|])<(?![<=])", "<="), (r"<=", "<"), (r"(?<![<>=!\-])>(?![>=])", ">="), (r">=", ">"), (r"==", "!="),
    (r"!=", "=="), (r" \+ ", " - "), (r" - ", " + "), (r"<<(?!=)", ">>"), (r">>(?!=)", "<<"), (r" & ", " | "),
    (r" \| ", " & "), (r" \* ", " + "), (r"&&", "||"), (r"\|\|", "&&"), (r"\+=", "-="), (r"-=", "+="),
]  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """Characters [start, end) of a file replaced."""

    path: Path
    start: int
    end: int
    text: str

    def applied(self) -> str:
        """The changed file."""
        source = self.path.read_text()
        return source[: self.start] + self.text + source[self.end :]

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path.relative_to(PACKAGE)}:{self.path.read_text()[: self.start].count(chr(10)) + 1}"

    @property
    def line(self) -> str:
        """The changed line (its first, where several)."""
        return self.applied().splitlines()[self.path.read_text()[: self.start].count("\n")].strip()

    @property
    def key(self) -> str:
        """By which it is explained."""
        return f"{self.path.relative_to(PACKAGE)} | {self.line}"


def python_mutants(path: Path) -> Iterator[Mutant]:  # noqa: PLR0912 (a branch a kind of node)
    """Every mutant of a Python file."""
    source = path.read_text()
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    tree = ast.parse(source)
    skipped = set(_not_code(tree))

    def place(node: ast.AST) -> tuple[int, int]:
        return lines[node.lineno - 1] + node.col_offset, lines[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def between(left: ast.AST, right: ast.AST, old: str, new: str) -> Iterator[Mutant]:
        start, end = place(left)[1], place(right)[0]
        at = source.find(old, start, end)
        if at >= 0:
            yield Mutant(path, at, at + len(old), new)

    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            start, end = place(node.left)[1], place(node.comparators[0])[0]
            gap = source[start:end]
            if gap.count("(") == gap.count(")") == 0:
                yield Mutant(path, start, end, f" {COMPARISONS[type(node.ops[0])]} ")
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            yield from between(node.left, node.right, *OPERATORS[type(node.op)])
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from between(node.values[0], node.values[1], old, new)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield Mutant(path, *place(node), str(not node.value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield Mutant(path, *place(node), repr(node.value + 1))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield Mutant(path, *place(node), source[slice(*place(node.operand))])
        elif isinstance(node, ast.Raise):
            yield Mutant(path, *place(node), "pass")
        elif isinstance(node, ast.If):
            yield Mutant(path, *place(node.test), f"not ({source[slice(*place(node.test))]})")
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in NAMES:
                end = place(node)[1]
                yield Mutant(path, end - len(name), end, NAMES[name])


def _not_code(tree: ast.Module) -> Iterator[int]:
    """Annotations, what error messages say, and decorators: changed, they are not wrong results."""
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]
            parts = [node.returns, *(argument.annotation for argument in arguments), *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            parts = list(node.decorator_list)
        elif isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom):
            parts = [node]
        elif isinstance(node, ast.Assign) and any(isinstance(one, ast.Subscript) for one in ast.walk(node.value)):
            # An alias of a type, at the top of a module.
            parts = [node] if node in tree.body and "npt." in ast.unparse(node.value) else []
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            parts = [node]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "zip":
            parts = [keyword.value for keyword in node.keywords]  # strict=
        for part in parts:
            if part is not None:
                yield from (id(one) for one in ast.walk(part))


def c_mutants(path: Path) -> Iterator[Mutant]:
    """Every mutant of a C file: comments, preprocessor lines, assembly, strings and other processors' code are left alone."""
    source = path.read_text()
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"", lambda found: re.sub(r"[^\n]", " ", found[0]), source, flags=re.DOTALL)
    code = _of_this_machine(code)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), code, flags=re.MULTILINE)
    for pattern, new in C_TOKENS:
        yield from (Mutant(path, *found.span(), new) for found in re.finditer(pattern, code))
    for found in re.finditer(r"(?<![\w.])(\d+)(?=[uU]?\b)(?![\w.]*x)", code):
        yield Mutant(path, *found.span(), str(int(found[0]) + 1))


def _of_this_machine(code: str) -> str:
    """`code` with blanks for what only other processors compile."""
    lines, elsewhere = [], []
    for line in code.split("\n"):
        directive = re.match(r"[ \t]*#[ \t]*(if|elif|else|endif)(?:def|ndef)?\b[ \t]*(.*)", line)
        if directive and directive[1] != "if":
            elsewhere.pop()
        if directive and directive[1] != "endif":
            elsewhere.append(NOT_HERE.match(directive[2]) is not None)
        lines.append(" " * len(line) if any(elsewhere) else line)
    return "\n".join(lines)


def candidates(language: str, only: str | None) -> list[tuple[Mutant, tuple[str, ...]]]:
    """All mutants with the tests that must notice them, in a fixed order."""
    found: list[tuple[Mutant, tuple[str, ...]]] = []
    if language == "c":
        files = sorted(path for path in (PACKAGE / "firmware" / "c").glob("*.[ch]") if path.name not in NOT_C)
        found = [(mutant, C_TESTS) for path in files for mutant in c_mutants(path)]
    else:
        for room, tests in ROOMS.items():
            paths = [PACKAGE / room] if room.endswith(".py") else sorted((PACKAGE / room).glob("*.py"))
            for path in paths:
                own = ROOT / "tests" / path.parent.relative_to(PACKAGE) / f"test_{path.name}"
                first = (str(own.relative_to(ROOT)),) if own.is_file() else ()
                found += [(mutant, (*first, *tests)) for mutant in python_mutants(path)]
    return [one for one in found if only is None or str(one[0].path).endswith(only)]


def survives(mutant: Mutant | None, tests: tuple[str, ...]) -> bool:
    """Whether all `tests` pass over the changed source (None: over the source as it is)."""
    with tempfile.TemporaryDirectory(prefix="kilovox-mutant-") as name:
        source = Path(name) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        (Path(name) / "configs").symlink_to(ROOT / "configs")
        if mutant is not None:
            (source / mutant.path.relative_to(ROOT / "src")).write_text(mutant.applied())
        # A seed of its own: hypothesis must not remember from one mutant to the next, nor be luckier with one.
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "--hypothesis-seed=0",
            *tests,
        ]
        environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def main() -> int:
    """Print every survivor and the rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", nargs="?", choices=["python", "c"], default="python")
    parser.add_argument("--count", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="mutants of this file alone")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    explained = {line.rsplit(" | ", 1)[0] for line in EXPLAINED.read_text().splitlines() if line.count(" | ") >= 2}
    everything = candidates(asked.language, asked.only)
    chosen = random.Random(asked.seed).sample(everything, min(asked.count, len(everything)))  # noqa: S311 (reproducible)
    for tests in sorted({tests for _, tests in chosen}):
        if not survives(None, tests):
            print(f"{' '.join(tests)}: fail over the source as it is", file=sys.stderr)
            return 2
    killed = same = 0
    with concurrent.futures.ThreadPoolExecutor(asked.workers) as pool:
        results = zip(chosen, pool.map(lambda one: survives(*one), chosen), strict=True)
        for tried, ((mutant, _), alive) in enumerate(results, 1):
            killed += not alive
            print(f"{tried} of {len(chosen)} tried, {killed} killed", file=sys.stderr, flush=True)
            if alive and mutant.key in explained:
                same += 1
            elif alive:
                print(f"survived  {mutant.where}\n          {mutant.line}", flush=True)
    counted = len(chosen) - same
    share = f"{killed / counted:.1%}" if counted else "none"
    rest = f"{same} more explained, {len(everything)} possible"
    print(f"{asked.language}: {killed} of {counted} mutants killed ({share}), {rest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
