# SPDX-License-Identifier: BSD-2-Clause
"""samba-tool, on a file system that has no room for the owners and access lists of SYSVOL: a user
without rights cannot set them, and no test reads these files.

    samba_tool.py SAMBA-TOOL ARGUMENT...
"""

import runpy
import sys

import samba.provision

samba.provision.setsysvolacl = lambda *_args, **_options: None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
