"""Physical memory, by way of QEMU's stub: what no loaded root maps can be read, too."""
import contextlib

import gdb

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT

_pages = {}  # by frame number, for the command under way
_depth = 0  # of physical()


def forget():
	"""A command begins: the machine may have run."""
	_pages.clear()


def _stub_reads_physical(wanted):
	said = gdb.execute(f'maint packet Qqemu.PhyMemMode:{wanted}', to_string=True)
	if 'received: "OK"' not in said:
		raise gdb.GdbError('this needs the stub of QEMU: no other reads physical memory')


@contextlib.contextmanager
def physical():
	"""Around many reads, to switch the stub over once. What gdb itself reads meanwhile it reads from there, too."""
	global _depth
	if _depth == 0:
		_stub_reads_physical(1)
	_depth += 1
	try:
		yield
	finally:
		_depth -= 1
		if _depth == 0:
			_stub_reads_physical(0)


def _fetch(address, length):
	try:
		with physical():
			return gdb.selected_inferior().read_memory(address, length).tobytes()
	except gdb.MemoryError:
		raise gdb.GdbError(f'there is no physical memory at {address:#x}') from None


def page(pfn):
	"""The 4 KiB of a frame."""
	if pfn not in _pages:
		_pages[pfn] = _fetch(pfn << PAGE_SHIFT, PAGE_SIZE)
	return _pages[pfn]


def read(address, length):
	"""What is little is kept for the rest of the command; large pieces are read as such."""
	if length > PAGE_SIZE:
		return _fetch(address, length)
	data = b''
	while length:
		offset = address % PAGE_SIZE
		piece = page(address >> PAGE_SHIFT)[offset:offset + length]
		data += piece
		address += len(piece)
		length -= len(piece)
	return data


def word(address):
	return int.from_bytes(read(address, 8), 'little')
