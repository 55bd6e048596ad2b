"""The kernel's image: where it runs, its symbols, types and constants."""
import functools
import os
import re
import subprocess

import gdb

from bulwark import memory

TREE = os.path.normpath(os.path.join(os.path.dirname(__file__), '..', '..', '..'))
RUNS_AT = 48  # in struct layout of linker.ld: the address where the image runs
HEADERS = ('kernel/mm/table/layout.h', 'kernel/arch/x86_64/cpu/paging.h', 'kernel/arch/x86_64/cpu/cr3.h')


@functools.lru_cache(None)
def constants():
	"""The #defines of those headers that are numbers, or made of others."""
	found = {}
	for header in HEADERS:
		for name, value in re.findall(r'^#define (\w+) ([^/\n]+)', source(header), re.M):
			try:
				found[name] = eval(re.sub(r'(?<=[0-9a-f])ul\b', '', value), {}, found)
			except (NameError, SyntaxError):
				pass  # not a number
	return found


def constant(name):
	return constants()[name]


def source(path):
	"""The text of a file of the source tree."""
	with open(os.path.join(TREE, path), encoding='utf-8') as file:
		return file.read()


@functools.lru_cache(None)
def table(name, *columns):
	"""The rows of a .def table, each a list of these columns: tools/def reads it."""
	command = [os.path.join(TREE, 'tools/def'), name, *columns]
	done = subprocess.run(command, capture_output=True, text=True, check=False)
	if done.returncode:
		raise gdb.GdbError(done.stderr.strip())
	return [line.split('\t') for line in done.stdout.splitlines()]


def address(expression):
	"""Where a variable or function is."""
	return number(f'(unsigned long)&{expression}')


def number(expression):
	return int(gdb.parse_and_eval(expression)) & 0xFFFFFFFFFFFFFFFF


@functools.lru_cache(None)
def type_of(name):
	return gdb.lookup_type(name)


@functools.lru_cache(None)
def offset_of(kind, member):
	"""In bytes; of members of anonymous structures, too."""
	return int(gdb.parse_and_eval(f'(unsigned long)&(({kind} *)0)->{member}'))


@functools.lru_cache(None)
def enum(name):
	"""Names by number."""
	return {field.enumval: field.name for field in type_of(f'enum {name}').fields()}


@functools.lru_cache(None)
def enumerator(name):
	return number(name)


def flag_names(name, value, prefix):
	"""The flags of an enum that are set, without their prefix."""
	return [text[len(prefix):].lower() for bit, text in sorted(enum(name).items()) if value & bit]


def runs_at():
	"""Where the image runs; 0: it is not in memory yet."""
	load_base = constant('LOAD_BASE')
	linked, runs = memory.word(load_base), memory.word(load_base + RUNS_AT)
	return runs if linked >> 31 == 0x1FFFFFFFF and linked <= runs else 0


def move_symbols():
	"""Symbols follow the image. False: there is no image yet."""
	runs = runs_at()
	if not runs:
		return False
	if address('image_start') != runs:
		slide = runs - memory.word(constant('LOAD_BASE'))
		gdb.execute(f'symbol-file -o {slide:#x} {gdb.current_progspace().filename}', to_string=True)
		for cached in (type_of, enum, enumerator):
			cached.cache_clear()
	return True


def to_physical(at):
	"""Of an address in the image; None for others."""
	offset = at - address('image_start')
	return constant('LOAD_BASE') + offset if 0 <= offset < size() else None


def size():
	return address('image_end') - address('image_start')


def symbol(at):
	"""Like vuln_call_through+4; empty where there is none."""
	text = gdb.execute(f'info symbol {at:#x}', to_string=True)
	found = re.match(r'(\S+)(?: \+ (\d+))? in section', text)
	return '' if not found else found[1] + (f'+{found[2]}' if found[2] else '')
