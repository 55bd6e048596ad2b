"""The table of guided walks: which vulnerable call of an attack is worth a stop, and what it is given.

An attack's walk has these stops: each of its calls, the access that the last call leads to, what comes of it (a fault,
the function that it wanted to run, or the call's return), the proof where it makes one, and the process's end.
"""
import collections

from bulwark import image

# variable: what the argument is called in gdb; will: what the kernel does with it; access: the function whose first
# instructions do that (None: not worth a stop), on its nth entry in this call
Call = collections.namedtuple('Call', 'variable will access nth', defaults=(None, 1))
CALLS = {
	'vuln_leak': Call('buffer', 'tells there where things are in the kernel'),
	'vuln_jump': Call('target', 'jumps to that address', 'jump_to'),
	'vuln_call': Call('object', 'calls through the object there', 'vuln_call_through'),
	'vuln_call_parked': Call('object', 'reads the object there, waits, then calls through it', 'vuln_call_through'),
	'vuln_read': Call('target', 'reads eight bytes there', 'vuln_read_from'),
	'vuln_store': Call('target', 'stores so many bytes there', 'vuln_store_to'),
	'vuln_write': Call('target', 'stores eight bytes there', 'vuln_write_to'),
	'vuln_write_parked': Call('target', 'stores there, waits, and stores there again', 'vuln_write_to', 2),
	'vuln_copy_on': Call('target', 'copies 32 bytes there, again and again', 'vuln_write_to'),
	'vuln_pivot': Call('stack', 'takes that address for its stack, and returns', 'vuln_pivot_stub'),
	'vuln_kmap_hold': Call('page', 'maps the frame of that page by xpfo_kmap, and waits'),
	'vuln_window_hold': Call('page', 'has the frame of that page in its private window, and waits'),
	'vuln_kmap_write': Call('pfn', 'maps the frame of that number to write to it', 'xpfo_kmap'),
	'vuln_user_map_write': Call('page', 'maps a frame at that page to write to it'),
	'vuln_wr': Call('target', 'makes a write-rare of eight bytes there', 'wr_memcpy'),
	'vuln_pool_change': Call('pool', 'seals, freezes or destroys a pool that is there, or whose object is'),
	'vuln_wr_hold': Call('unused', 'stops in the middle of a write-rare'),
	'vuln_overread': Call('buffer', 'copies a record there, as long as the caller says', 'copy_to_user'),
	'vuln_meltdown': Call('target', 'loads from there what a processor without permission checks would'),
	'base_prove': Call('target', 'hears that its image is there, counts that, and tells nothing'),
	'vuln_probe': Call('target', 'looks from there on for the first address that user mode\'s root translates'),
}

# calls: in their order; when: of the last one, which occurrence, as an expression of gdb's; proves: the attack proves
# something to the kernel in the end. `walk_of` adds a default for attacks that are not here.
Walk = collections.namedtuple('Walk', 'calls when proves', defaults=('1', False))
WALKS = {
	'ret2usr_code': Walk(['vuln_jump']),
	'ret2usr_data': Walk(['vuln_call']),
	'ret2dir_code': Walk(['vuln_jump']),
	'ret2dir_obj': Walk(['vuln_call']),
	'ret2dir_rop': Walk(['vuln_pivot']),
	'ret2dir_residue': Walk(['vuln_call']),
	'ret2dir_huge': Walk(['vuln_call']),
	'ret2dir_spray': Walk(['vuln_call']),
	'xpfo_file_page': Walk(['vuln_call']),
	'xpfo_unflushed': Walk(['vuln_call']),
	'xpfo_stale_tlb': Walk(['vuln_call']),
	'xpfo_alone': Walk(['vuln_call']),
	'xpfo_stale_spin': Walk(['vuln_call']),
	'xpfo_parked': Walk(['vuln_call_parked']),
	'xpfo_reuse': Walk(['vuln_call']),
	'xpfo_early_flush': Walk(['vuln_call']),
	'xpfo_fresh': Walk(['vuln_copy_on']),
	'xpfo_kmap_race': Walk(['vuln_kmap_hold', 'vuln_call']),
	'xpfo_window_race': Walk(['vuln_window_hold', 'vuln_call']),
	'meltdown_model': Walk(['vuln_meltdown'], proves=True),
	'kaslr_probe': Walk(['vuln_probe'], proves=True),
	'entry_leak': Walk(['vuln_probe'], proves=True),
	'descriptor_leak': Walk(['vuln_leak'], proves=True),
	'base_brute': Walk(['base_prove']),
	'regs_rop': Walk(['vuln_pivot']),
	'seal_write': Walk(['vuln_write']),
	'seal_alias': Walk(['vuln_write']),
	'seal_read': Walk(['vuln_read'], proves=True),
	'seal_remap': Walk(['vuln_kmap_write']),
	'seal_race': Walk(['vuln_write_parked']),
	'seal_born': Walk(['vuln_copy_on']),
	'seal_metadata': Walk(['vuln_write']),
	'wr_alias': Walk(['vuln_wr_hold', 'vuln_write']),
	'wr_forge': Walk(['vuln_wr']),
	'pool_claim': Walk(['vuln_pool_change', 'vuln_pool_change']),
	'overread': Walk(['vuln_overread'], proves=True),
	'overflow': Walk(['vuln_write'], when='($rdi & 0xfff) == 0'),  # the first store that leaves the page
	'uaf_pool': Walk(['vuln_pool_change', 'vuln_write']),
	'pte_overwrite': Walk(['vuln_write']),
	'foreign_page': Walk(['vuln_write']),
	'frame_cache': Walk(['vuln_write']),
	'spare_root': Walk(['vuln_write']),
	'table_freed_twice': Walk(['vuln_write']),
	'root_swap': Walk(['vuln_store']),
	'share_foreign': Walk(['vuln_write']),
	'exec_swap': Walk(['vuln_store']),
	'exit_cr3': Walk(['vuln_write']),
	'dirty_pagetable': Walk(['vuln_write']),
	'tlb_seen': Walk(['vuln_write', 'vuln_write_parked']),
	'tlb_mode': Walk(['vuln_write', 'vuln_call_parked']),
	'tlb_gen': Walk(['vuln_write']),
	'retaddr_overwrite': Walk(['vuln_write_parked', 'vuln_write']),
	'window_operand': Walk(['vuln_write']),
	'gate_race': Walk(['vuln_write']),
	'gate_lock': Walk(['vuln_store']),
	'gate_nmi': Walk(['vuln_nmi_hold', 'vuln_write']),
	'cred_overwrite': Walk(['vuln_write']),
	'archive_overwrite': Walk(['vuln_write']),
	'tss_overwrite': Walk(['vuln_store']),
	'iopl_overwrite': Walk(['vuln_write_parked', 'vuln_write']),
	'apic_startup': Walk(['vuln_store']),
	'setuid_fails': Walk(['vuln_write']),
	'rule_name': Walk(['vuln_write']),
	'thread_process': Walk(['vuln_store'], proves=True),
	'policy_overwrite': Walk(['vuln_write'], proves=True),
	'policy_redirect': Walk(['vuln_write'], proves=True),
}
# In the order in which a default walk looks for them: the first of these that the attack makes.
BY_DEFAULT = ['vuln_jump', 'vuln_call', 'vuln_write', 'vuln_pivot']


def attacks():
	"""What stops each attack, by name: attacks.def."""
	return dict(image.table('attacks', 'name', 'stopped_by'))


def defences():
	"""What reports call each defence, by its name in enum bw_defence."""
	return dict(image.table('defences', 'name', 'text'))


def walk_of(name):
	return WALKS.get(name, Walk([BY_DEFAULT]))
