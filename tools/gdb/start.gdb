# Attaches to the machine that tools/debug started and goes to the kernel's first C line.
# Needs the kernel's symbols and $bulwark_port.
set confirm off
set pagination off
set disassembly-flavor intel
set architecture i386:x86-64
source tools/gdb/commands.gdb

eval "target remote localhost:%d", $bulwark_port

# Hardware breakpoints only: text is read-only, and before paging is on there is nothing at these addresses.
thbreak kernel_main
continue
