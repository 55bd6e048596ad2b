"""Physical memory, by way of QEMU's stub: what no loaded root maps can be read, too."""
import contextlib

import gdb

PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT

_pages = {}  # by frame number, for the command under way


def forget():
	"""A command begins: the machine may have run."""
	_pages.clear()


@contextlib.contextmanager
def _physical_mode():
	said = gdb.execute('maint packet Qqemu.PhyMemMode:1', to_string=True)
	if 'received: "OK"' not in said:
		raise gdb.GdbError('this needs the stub of QEMU: no other reads physical memory')
	try:
		yield
	finally:
		gdb.execute('maint packet Qqemu.PhyMemMode:0', to_string=True)


def _fetch(address, length):
	try:
		with _physical_mode():
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
