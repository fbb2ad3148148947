#!/usr/bin/env python3
"""Checks that README.md shows, as its first C++ block, exactly the program that the package test compiles and runs.

    check_readme.py README.md climate.cc
"""
import difflib
import pathlib
import re
import sys

readme, program = (pathlib.Path(name).read_text(encoding="utf-8") for name in sys.argv[1:])
block = re.search(r"^```cpp\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
if not block:
    sys.exit("README.md has no ```cpp block")
difference = list(difflib.unified_diff(program.splitlines(), block[1].splitlines(), sys.argv[2], sys.argv[1], lineterm=""))
if difference:
    sys.exit("\n".join(difference))
