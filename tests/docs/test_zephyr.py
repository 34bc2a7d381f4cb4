"""The files of docs/how-to/zephyr.md with stand-ins of Zephyr's CMake functions: that the module builds, links and hears.

Zephyr itself is not there, and the page says so.
"""

import shutil
import subprocess

import pytest
import yaml

from blocks import ROOT, write_files
from kilovox.firmware.export import export
from kilovox.integer.bundled import resolve_model
from kilovox.integer.model_file import load_model

STAND_INS = """
set(Zephyr_FOUND TRUE)
set(CONFIG_KILOVOX y)
enable_language(C)
add_library(app STATIC)
function(zephyr_library)
  add_library(module STATIC)
endfunction()
function(zephyr_library_sources)
  target_sources(module PRIVATE ${ARGN})
endfunction()
function(zephyr_include_directories)
  target_include_directories(module PRIVATE ${ARGN})
  target_include_directories(app PRIVATE ${ARGN})
endfunction()
foreach(module_folder ${ZEPHYR_EXTRA_MODULES})
  add_subdirectory(${module_folder}/zephyr)
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/board.c "
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
size_t read_microphone(int16_t *samples, size_t most);
size_t read_microphone(int16_t *samples, size_t most) { return fread(samples, 2, most, stdin); }
void act_on(const char *label, int confidence);
void act_on(const char *label, int confidence) { printf(\\"%s %d\\\\n\\", label, confidence); }
")
add_executable(image ${CMAKE_BINARY_DIR}/board.c)
target_link_libraries(image app module)
"""


@pytest.mark.skipif(
    shutil.which("cmake") is None or shutil.which("cc") is None, reason="no cmake or no C compiler is installed"
)
def test_module_builds_and_hears(tmp_path):
    write_files(ROOT / "docs" / "how-to" / "zephyr.md", tmp_path)
    app = tmp_path / "app"
    module = yaml.safe_load((app / "kilovox" / "zephyr" / "module.yml").read_text())
    assert (app / "kilovox" / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (app / "kilovox" / module["build"]["kconfig"]).read_text().startswith("config KILOVOX\n\tbool ")
    assert (app / "prj.conf").read_text() == "CONFIG_KILOVOX=y\n"
    export(load_model(resolve_model("listening")), app / "kilovox" / "ear", input_rate=16000)
    stand_ins = tmp_path / "zephyr"
    stand_ins.mkdir()
    (stand_ins / "ZephyrConfig.cmake").write_text(STAND_INS)
    build = ["cmake", "-S", str(app), "-B", str(tmp_path / "build"), f"-DZephyr_DIR={stand_ins}", "-DCMAKE_BUILD_TYPE=Release"]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", str(tmp_path / "build")], check=True, capture_output=True)
    sound = (ROOT / "docs" / "sounds" / "three-one-nine.wav").read_bytes()[44:]
    # At twice the rate, each sample twice; and silence, for a word is told when it is over.
    doubled = b"".join(2 * sound[at : at + 2] for at in range(0, len(sound), 2)) + bytes(2 * 2 * 8000)
    heard = subprocess.run([tmp_path / "build" / "image"], input=doubled, check=True, capture_output=True).stdout.decode()
    assert [line.split()[0] for line in heard.splitlines()] == ["3", "1", "9"]
