"""Names of an export's own, so that several models live in one program.

Kernels and templates are written with the names of the default: the prefix kv_ and KV_, files kilovox.h and kilovox_model.*.
Any other name takes their place, token by token, in every symbol, constant, guard and file name.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from kilovox.errors import KilovoxError

DEFAULT = "kilovox"
LONGEST = 32

# C23 and C++23, as far as they are words in lower case.
KEYWORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept const
const_cast consteval constexpr constinit continue co_await co_return co_yield decltype default delete do double dynamic_cast
else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
nullptr operator or or_eq private protected public register reinterpret_cast requires restrict return short signed sizeof
static static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename typeof
typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq
"""
# NAME.h must hide no header of C, of POSIX, of C libraries (which include some of their own by these names) or of Arduino, and
# none of an export's own.
HEADERS = """
aio alloca arduino assert byteswap complex cpio ctype dirent dlfcn endian err errno error fcntl features fenv fmtmsg fnmatch
ftw getopt glob grp iconv inttypes iso646 langinfo libgen limits locale malloc math memory monetary mqueue ndbm netdb newlib
nl_types picolibc poll pthread pwd regex sched search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbit stdbool
stdckdint stddef stdint stdio stdlib stdnoreturn string strings stropts syslog tar termios tgmath threads time trace uchar
ulimit unistd utime utmpx values wchar wctype wire wordexp xlocale
test_vectors
"""
# Targets that CMake has of its own, and what Windows calls devices.
TARGETS = """
all clean depend edit_cache help install package rebuild_cache test
con prn aux nul com1 com2 com3 com4 com5 com6 com7 com8 com9 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
"""
TAKEN = frozenset(f"{KEYWORDS}{HEADERS}{TARGETS}".split())


@dataclass(frozen=True)
class Names:
    """What `library` is called. Raises KilovoxError for what cannot be a name."""

    library: str = DEFAULT

    def __post_init__(self) -> None:
        name = self.library
        expected = f"a word in lower case: a letter, then letters, digits and single underscores, at most {LONGEST} in all"
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > LONGEST:
            raise KilovoxError(f"name {name!r}; expected {expected}")
        if name in TAKEN:
            raise KilovoxError(f"name {name!r} is taken by C, C++, their headers, CMake or Windows; expected another")
        if name == "kv" or name.startswith(("kv_", f"{DEFAULT}_")):
            raise KilovoxError(f"name {name!r} begins as the names of an export without one; expected another")

    @property
    def prefix(self) -> str:
        """Of every symbol."""
        return "kv" if self.library == DEFAULT else self.library

    def renamed(self, text: str) -> str:
        """C, or what speaks of it, with these names."""
        text = re.sub(r"\bkv_(?=[a-z0-9])", f"{self.prefix}_", text)
        text = re.sub(r"\bKV_(?=[A-Z0-9])", f"{self.prefix.upper()}_", text)
        text = re.sub(r"\bkilovox(?=(_model)?\.(h|c|wasm)\b)", self.library, text)
        return re.sub(r"\bKILOVOX_(?=(MODEL_)?H\b)", f"{self.library.upper()}_", text)

    def built(self, text: str) -> str:
        """A description of how to build it, with these names."""
        return re.sub(r"\bkilovox(?![a-z0-9])", self.library, re.sub(r"\bKILOVOX(?=_)", self.library.upper(), text))

    def file(self, name: str) -> str:
        """The name of a file, with its folders."""
        folders, slash, last = name.rpartition("/")
        return folders + slash + re.sub(r"^kilovox(?=(_model)?\.)", self.library, re.sub(r"^kv_", f"{self.prefix}_", last))


KILOVOX = Names()
"""Those that the C is written with."""


def public_symbols(header: str) -> list[str]:
    """The functions and tables that kilovox.h, by its text, declares."""
    return re.findall(r"^(?:extern )?[a-z][\w ]*(?:\*const )?\b(kv_\w+)(?=\(|\[KV_LABELS\];)", header, re.MULTILINE)


def sealed(files: Mapping[str, str], symbols: list[str], names: Names) -> dict[str, str]:
    """C `files` by name, in which the public symbols are called after all of the text.

    What was compiled with the header of one model does not link with the library of another.
    """
    digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()[:8]
    model = names.file("kilovox_model.h")
    before, end, after = files[model].rpartition("\n#endif\n")
    lines = [
        "/* Called after all of the library: what was compiled with another model's header does not link with it. */",
        *(names.renamed(f"#define {symbol} {symbol}_{digest}") for symbol in symbols),
    ]
    return {**files, model: before + "\n" + "\n".join(lines) + "\n" + end + after}
