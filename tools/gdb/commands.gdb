# Commands for looking at a Bulwark machine.

# Physical address of the image, and in it of where it runs: struct layout of linker.ld.
set $load_base = 0x100000
set $load_base_runs = $load_base + 48

define symbols
	maint packet Qqemu.PhyMemMode:1
	set $image_base = *(unsigned long *)$load_base_runs
	set $image_slide = $image_base - *(unsigned long *)$load_base
	maint packet Qqemu.PhyMemMode:0
	python gdb.execute('symbol-file -o %#x %s' % (int(gdb.parse_and_eval('(unsigned long)$image_slide')), \
		gdb.current_progspace().filename))
	printf "The kernel's image runs at %#lx.\n", $image_base
end
document symbols
symbols: finds where the kernel's image runs and moves its symbols there. For a machine that has left boot.asm.
end

define phys
	eval "monitor xp /8gx %#lx", $arg0
end
document phys
phys ADDRESS: eight words of physical memory.
end

# Says what the entry $walk_entry allows. Strings would need malloc in the machine: printf alone.
define walk_rights
	if $walk_entry & 2
		printf " W"
	else
		printf " R"
	end
	if $walk_entry & 4
		printf " U"
	else
		printf " S"
	end
	if $walk_entry >> 63
		printf " NX"
	else
		printf " X"
	end
	if $walk_is_large
		printf " large"
	end
end

# One level of a walk: $walk_table and $walk_shift in, and out for the next level.
define walk_level
	set $walk_at = $walk_table + (($walk_va >> $walk_shift) & 511) * 8
	set $walk_entry = *(unsigned long *)$walk_at
	set $walk_is_large = $walk_shift > 12 && ($walk_entry & 0x80)
	set $walk_more = ($walk_entry & 1) && !$walk_is_large
	printf "  level %d  at %#lx  %#018lx ", ($walk_shift - 12) / 9 + 1, $walk_at, $walk_entry
	if $walk_entry & 1
		printf " present"
		walk_rights
	else
		printf " absent"
	end
	printf "\n"
	set $walk_table = $walk_entry & 0x000ffffffffff000
	set $walk_shift = $walk_shift - 9
end

# Physical memory is read with QEMU's help, so that tables of hidden frames and other roots can be walked too.
define walk
	set $walk_va = (unsigned long)$arg0
	set $walk_table = (unsigned long)$cr3 & 0x000ffffffffff000
	set $walk_shift = 39
	set $walk_more = 1
	maint packet Qqemu.PhyMemMode:1
	while $walk_more && $walk_shift >= 12
		walk_level
	end
	maint packet Qqemu.PhyMemMode:0
end
document walk
walk ADDRESS: the page-table entries that translate an address under the loaded root.
end
