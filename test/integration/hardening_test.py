"""What is installed, read from the files themselves: stripped, small, and built to be hard to exploit."""

import os
import pathlib
import platform
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, Scratch, run  # noqa: E402

PROGRAMS = {"usr/sbin/greenwaved": 13 << 19, "usr/bin/greenwave": 5 << 20}  # and the most bytes it may have


def readelf(option, path):
    return run("readelf", "--wide", option, path).stdout


class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = cls.enterClassContext(Scratch())
        cls.root = scratch / "root"
        cache = (BIN.parent / "CMakeCache.txt").read_text()
        cls.build_type = re.search(r"^CMAKE_BUILD_TYPE:\w+=(\w*)", cache, re.M).group(1)
        for component in ([], ["--component", "symbols"]):
            run("cmake", "--install", BIN.parent, "--prefix", "/usr", *component, env={**os.environ, "DESTDIR": str(cls.root)})

    def each_program(self):
        return [(self.root / name, size) for name, size in PROGRAMS.items()]

    def test_programs_are_position_independent(self):
        for path, _ in self.each_program():
            self.assertRegex(readelf("--file-header", path), r"Type:\s+DYN")
            self.assertRegex(readelf("--dynamic", path), r"FLAGS_1.*\bPIE\b")

    def test_relocations_are_read_only_before_main(self):
        for path, _ in self.each_program():
            self.assertIn("GNU_RELRO", readelf("--program-headers", path))
            self.assertRegex(readelf("--dynamic", path), r"FLAGS.*\bBIND_NOW\b")

    def test_no_stack_is_executable(self):
        for path, _ in self.each_program():
            stack = re.search(r"GNU_STACK.*", readelf("--program-headers", path)).group()
            self.assertNotIn("E", stack.split()[-2])

    def test_stacks_have_guards(self):
        for path, _ in self.each_program():
            self.assertIn("__stack_chk_fail", readelf("--dyn-syms", path))
            self.assertIn("-fstack-clash-protection", self.compiler_flags(path))

    def test_calls_of_the_c_library_are_checked(self):
        if self.build_type == "Debug":
            self.skipTest("_FORTIFY_SOURCE needs an optimised build")
        for path, _ in self.each_program():
            self.assertRegex(readelf("--dyn-syms", path), r"\b__(memcpy|read|readlinkat|vsnprintf|memset)_chk\b")

    @unittest.skipUnless(platform.machine() == "x86_64", "indirect branches are looked for in x86-64's code")
    def test_indirect_branches_land_on_marks(self):
        for path, _ in self.each_program():
            functions = run("objdump", "--disassemble", "--no-show-raw-insn", path).stdout.count("endbr64")
            self.assertGreater(functions, 1000)

    def test_what_is_installed_is_stripped_and_small(self):
        for path, most in self.each_program():
            self.assertNotIn(".symtab", readelf("--sections", path))
            self.assertNotIn(".debug_info", readelf("--sections", path))
            if self.build_type != "Debug":
                self.assertLessEqual(path.stat().st_size, most)

    def test_symbols_are_where_debuggers_look(self):
        for path, _ in self.each_program():
            self.assertIn(".debug_info", readelf("--sections", self.symbols_of(path)))

    def symbols_of(self, path):
        build_id = re.search(r"Build ID: (\w+)", readelf("--notes", path)).group(1)
        return self.root / "usr/lib/debug/.build-id" / build_id[:2] / f"{build_id[2:]}.debug"

    def compiler_flags(self, path):
        """gcc's own record of how it was called."""
        return run("readelf", "--decompress", "--string-dump=.debug_str", self.symbols_of(path)).stdout


if __name__ == "__main__":
    unittest.main()
