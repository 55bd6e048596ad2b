# Attaches to the machine that tools/debug started and goes to the kernel's first C line.
# Needs the kernel's symbols and $bulwark_port.
set confirm off
set pagination off
set disassembly-flavor intel
set architecture i386:x86-64
source tools/gdb/commands.gdb

eval "target remote localhost:%d", $bulwark_port

# Hardware breakpoints only: text is read-only, and before paging is on there is nothing at these addresses.
# Where the image will run is drawn while booting, so the first stop is at its load address, right before it goes
# there. Firmware and loader run at that address too: `layout` tells whether the image is there already.
eval "thbreak *%#lx if *(long *)%#lx == %#lx", (long)&boot_jump - (long)&image_start + $load_base, $load_base, (long)&image_start
continue
symbols
thbreak kernel_main
continue
