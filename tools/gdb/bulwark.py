"""Bulwark's commands, for gdb with the kernel's symbols: `source tools/gdb/bulwark.py`. `bw-help` lists them.

They read physical memory through QEMU's stub, so they work wherever the machine stands: in user mode on the shadow
root, too. To load them afresh, source this file again.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

sys.dont_write_bytecode = True
if HERE not in sys.path:
	sys.path.insert(0, HERE)
for name in [name for name in sys.modules if name.split('.')[0] == 'bulwark']:
	del sys.modules[name]

import bulwark.commands  # noqa: E402, F401
