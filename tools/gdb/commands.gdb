# Commands for looking at a Bulwark machine.

define phys
	printf "%#lx:\n", $arg0
	eval "monitor xp /8gx %#lx", $arg0
end
document phys
phys ADDRESS: eight words of physical memory.
end

# One level of a page walk: $walk_table and $walk_shift in, $walk_entry out. Physical memory is read
# with QEMU's help, so that hidden frames and other roots can be walked too.
define walk_level
	set $walk_at = $walk_table + (($walk_va >> $walk_shift) & 511) * 8
	set $walk_entry = *(unsigned long *)$walk_at
	printf "  level %d  at %#lx  %#018lx  %s%s%s%s%s\n", ($walk_shift - 12) / 9 + 1, $walk_at, $walk_entry, \
		($walk_entry & 1) ? "present" : "absent", ($walk_entry & 2) ? " W" : " R", \
		($walk_entry & 4) ? " U" : " S", ($walk_entry >> 63) ? " NX" : " X", \
		($walk_shift > 12 && ($walk_entry & 0x80)) ? " large" : ""
	set $walk_table = $walk_entry & 0x000ffffffffff000
	set $walk_more = ($walk_entry & 1) && !($walk_shift > 12 && ($walk_entry & 0x80))
	set $walk_shift = $walk_shift - 9
end

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
