"""Objects of the kernel, whatever root is loaded: an address is translated as the kernel's own root does it."""
import functools

import gdb

from bulwark import image, memory, paging


def is_up():
	"""Are there page tables of the kernel's own?"""
	return root() != 0


def root():
	"""Frame of the root whose kernel half all others copy; 0 early in the boot."""
	return int.from_bytes(memory.read(image.to_physical(image.address('kernel_root')), 4), 'little')


def base(name):
	"""direct_map_base and its like; 0 early in the boot."""
	return memory.word(image.to_physical(image.address(name)))


def to_physical(at):
	"""Of a kernel address; None: nothing is mapped there."""
	inside = image.to_physical(at)
	if inside is not None:
		return inside
	offset = at - base('direct_map_base')
	if base('direct_map_base') and 0 <= offset < image.constant('DIRECT_MAP_MAX_SIZE'):
		return offset
	return paging.walk(root(), at).physical if is_up() else None


def read(at, length):
	data = b''
	while length:
		physical = to_physical(at)
		if physical is None:
			raise gdb.GdbError(f'the kernel has nothing at {at:#x}')
		step = length if is_contiguous(at) else min(length, memory.PAGE_SIZE - at % memory.PAGE_SIZE)
		data += memory.read(physical, step)
		at += step
		length -= step
	return data


def is_contiguous(at):
	"""Do neighbouring addresses have neighbouring bytes, beyond a page?"""
	return image.to_physical(at) is not None or \
		0 <= at - base('direct_map_base') < image.constant('DIRECT_MAP_MAX_SIZE')


def object_at(type_name, at):
	"""A gdb value that holds a copy of what is there."""
	kind = image.type_of(type_name)
	return gdb.Value(read(at, kind.sizeof), kind)


def variable(expression):
	"""A copy of a variable."""
	value = gdb.parse_and_eval(expression)
	return gdb.Value(read(int(value.address), value.type.sizeof), value.type)


def string(at):
	"""The text at an address, up to its end."""
	text = b''
	while b'\0' not in text and len(text) < 4096:
		text += read(at + len(text), 64 - (at + len(text)) % 64)
	return text.split(b'\0')[0].decode('ascii', 'replace')


def characters(value):
	"""The text in an array of characters."""
	text = bytes(int(value[i]) & 0xFF for i in range(value.type.range()[1] + 1))
	return text.split(b'\0')[0].decode('ascii', 'replace')


@functools.lru_cache(None)
def offset_of(type_name, member):
	return image.type_of(type_name)[member].bitpos // 8


def listed(head, type_name, member):
	"""Addresses of the objects on the list with that head, which is kernel/lib/list.h's."""
	first = int.from_bytes(read(head, 8), 'little')
	seen = set()
	while first != head:
		if first in seen or not first:
			raise gdb.GdbError(f'the list at {head:#x} is being changed right now; go on a little, then try again')
		seen.add(first)
		yield first - offset_of(type_name, member)
		first = int.from_bytes(read(first, 8), 'little')
