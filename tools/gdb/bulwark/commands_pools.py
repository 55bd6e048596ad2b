"""bw-pools: the write-once pools."""
import struct

import gdb

from bulwark import command, image, kernel, memory, text

GRANULE_BITS = 8 * 64  # bytes of an area that one word of its span's bits stands for: kernel/mm/pool/pool_chunk.c


def descriptor_at(number):
	size = image.type_of('union pool_slot').sizeof
	return kernel.base('pool_base') + memory.PAGE_SIZE + number * size


def slot(number, member):
	return kernel.object_at('union pool_slot', descriptor_at(number))[member]


def kind_name(value):
	return image.enum('slot_kind').get(int(value), '')


def objects(area):
	"""(bytes of objects, how many, bytes handed out with their headers) of an area; None: its notes are damaged."""
	base, length = int(area['base']), int(area['len_bytes'])
	tail, _holes = struct.unpack('<II', kernel.read(base, 8))
	at = 8 + (length + GRANULE_BITS - 1) // GRANULE_BITS * 8
	end = at + tail
	if end > length:
		return None
	used = count = 0
	data = kernel.read(base, end)
	while at < end:
		chunk, size = struct.unpack_from('<II', data, at)
		if chunk < 8 or chunk % 8 or at + chunk > end or size > chunk - 8:
			return None
		used, count = used + size, count + (size > 0)
		at += chunk
	return used, count, end


def areas(pool):
	number = int(pool['first_area'])
	while number:
		area = slot(number, 'area')
		if kind_name(area['kind']) != 'SLOT_AREA':
			raise gdb.GdbError('the pools are being changed right now; go on a little, then try again')
		yield area
		number = int(area['next'])


def collect_pool(number):
	pool = slot(number, 'pool')
	found = {'id': number, 'address': f'{descriptor_at(number):#x}', 'name': kernel.characters(pool['name']),
		'mode': image.enum('pool_mode')[int(pool['mode'])][len('POOL_'):], 'protected': bool(pool['is_protected']),
		'read_only': bool(pool['is_read_only']), 'areas': [], 'bytes': 0, 'used': 0, 'free': 0, 'objects': 0}
	for area in areas(pool):
		counts = objects(area)
		length = int(area['len_bytes'])
		found['areas'].append({'base': f'{int(area["base"]):#x}', 'bytes': length, 'sealed': bool(area['is_sealed']),
			'damaged': counts is None})
		used, count, end = counts or (0, 0, length)
		found['bytes'] += length
		found['used'] += used
		found['objects'] += count
		found['free'] += length - end
	return found


class Pools(command.Command):
	"""bw-pools [-j] [NAME]: write-once pools: mode, sealed or open, areas, objects, bytes

Columns: how many objects, their bytes, and the bytes of the areas that were never handed out; the rest are notes
about what lies where, and rounding. With NAME: its areas, too."""
	name = 'bw-pools'

	def collect(self, argument):
		if kernel.to_physical(descriptor_at(0)) is None:
			raise gdb.GdbError('there are no pools yet: the kernel has not come that far')
		header = slot(0, 'header')
		numbers = [i for i in range(1, int(header['nr_slots'])) if kind_name(slot(i, 'pool')['kind']) == 'SLOT_POOL']
		found = [collect_pool(number) for number in numbers]
		if argument and argument not in [one['name'] for one in found]:
			raise gdb.GdbError(f'no pool is called `{argument}`; there are: '
				f'{", ".join(dict.fromkeys(one["name"] for one in found))}')
		return [one for one in found if argument in ('', one['name'])]

	def render(self, found):
		yield from text.table(('pool', 'mode', 'state', 'areas', 'objects', 'bytes', 'never used', 'descriptor'),
			[(one['name'], one['mode'], state(one), len(one['areas']), one['objects'], one['used'], one['free'],
				one['address']) for one in found])
		if len(found) == 1:
			yield from text.table(('area', 'size', ''),
				[(area['base'], text.size(area['bytes']), area_state(area)) for area in found[0]['areas']])

	def complete(self, words, word):
		command.begin()
		return command.starting_with([one['name'] for one in self.collect('')], word)


def state(pool):
	sealed = sum(area['sealed'] for area in pool['areas'])
	if not pool['areas']:
		return 'protected' if pool['protected'] else 'open'
	if sealed == len(pool['areas']):
		return 'sealed, read-only' if pool['read_only'] else 'sealed'
	return f'{sealed} of {len(pool["areas"])} sealed' if sealed else 'protected' if pool['protected'] else 'open'


def area_state(area):
	return ('sealed' if area['sealed'] else 'open') + (', its notes are damaged' if area['damaged'] else '')
