#!/bin/bash
# What only a few files may do is done in those files only.
# needs: nothing
. "$(dirname "$0")/lib.sh"

clean boundaries

body() {
	printf 'void f(void)\n{\n\t%s\n}\n' "$1"
}

catches boundaries kernel/mm/x.c "$(body 'asm volatile("mov %0, %%cr3" : : "r"(v));')" cr3-write 'CR3 is written in arch'
catches boundaries kernel/arch/x86_64/x.asm '\tmov cr3, rax\n' cr3-write 'CR3 is written in the entry code'
catches boundaries kernel/task/x.c "$(body 'cr3_load(root);')" cr3-load 'roots are loaded by the TLB code'
catches boundaries kernel/arch/x86_64/x.c "$(body 'cr0_write(cr0_read() & ~CR0_WP);')" write-protect 'WP is never cleared'
catches boundaries kernel/mm/x.c "$(body 'asm volatile("pause");')" inline-assembly 'inline assembly is in arch'
catches boundaries kernel/mm/x.c "$(body 'asm volatile("invlpg (%0)" : : "r"(v));')" invalidate 'INVLPG has its file'
catches boundaries kernel/arch/x86_64/x.asm '\tinvpcid rax, [rdi]\n' invalidate 'INVPCID has its file'
catches boundaries kernel/task/x.c "$(body 'insn_invlpg(v);')" invalidate-call 'flushes go through the TLB code'
catches boundaries kernel/arch/x86_64/x.c "$(body 'asm volatile("stac");')" user-access 'STAC is in uaccess'
catches boundaries kernel/arch/x86_64/x.asm '\tclac\n' user-access 'CLAC is in uaccess and the entry code'
catches boundaries kernel/mm/x.c "$(body 'p = (void *)(direct_map_base + x);')" frame-to-pointer 'a frame number has no pointer'
catches boundaries kernel/mm/x.c "$(body 'frame->owner = OWNER_USER;')" owner-write 'owners change in frame_transition'
catches boundaries kernel/task/x.c "$(body 'return credentials_uid(process_current());')" acting-uid 'who acts is held against the address space'
catches boundaries kernel/core/x.c '#ifdef X\n#endif\n' conditional 'no #if in a .c file'
catches boundaries kernel/core/x.h '/* TODO */\n' own-todo 'no TODO'
accepts boundaries kernel/mm/x.c "$(body '/* mov cr3, invlpg, stac */ if (frame->owner == OWNER_USER) { }')" 'comments and comparisons are free'

done_testing
