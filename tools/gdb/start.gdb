# Attaches to the machine that tools/debug started and goes to the kernel's first C line.
# Needs the kernel's symbols and $bulwark_port.
set confirm off
set pagination off
# An emulator on a busy machine may answer late.
set remotetimeout 60
set disassembly-flavor intel
set architecture i386:x86-64
source tools/gdb/bulwark.py

eval "target remote 127.0.0.1:%d", $bulwark_port
bw-start
