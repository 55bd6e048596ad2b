"""What is known of one frame, for the commands that show one."""
from bulwark import frames, history, image


def collect(table, pfn):
	state = table.state(pfn)
	row = frames.Policy().rows[state]
	facts = {'pfn': f'{pfn:#x}', 'physical': f'{pfn << 12:#x}', 'state': state, 'owner': table.owner(pfn),
		'direct_map': row['direct_map'], 'view': row['view'][len('VIEW_'):].lower(), 'rights': row['rights'],
		'second_view': row['second_view'][len('VIEW_'):].lower(), 'second_rights': row['second_rights']}
	if table.has(pfn):
		facts.update(
			hidden=table.is_hidden(pfn), order=table.byte(pfn, 'order'), number=table.word(pfn, 'number'),
			kmaps=table.byte(pfn, 'kmaps'),
			flags=image.flag_names('frame_flags', table.byte(pfn, 'flags'), 'FRAME_'), history=history.of(pfn))
	return facts


def line(facts):
	"""In short."""
	words = [f'frame {facts["pfn"]}: {facts["state"]}']
	# the state says hidden and sealed
	words += [flag.replace('_', ' ') for flag in facts.get('flags', []) if flag not in ('hidden', 'sealed')]
	if facts['owner'] == 'USER' and facts['number']:
		words.append(f'mapped {facts["number"]} times by user space' if facts['number'] > 1 else 'mapped once by user space')
	if facts['owner'] == 'USER' and facts['kmaps']:
		words.append(f'held {facts["kmaps"]} times by xpfo_kmap')
	return '; '.join(words)


def rule(facts):
	"""What policy.def lets it be mapped as."""
	direct = 'not in the direct map' if facts['direct_map'] == 'ABSENT' else 'in the direct map, RW'
	if facts['view'] == 'none':
		return f'{direct}; no view of its own'
	own = f'at most {facts["rights"].replace("_", " or ")} in its own view, the {facts["view"].replace("_", " ")}'
	if facts['second_view'] == 'none':
		return f'{direct}; {own}'
	return f'{direct}; {own}, and {facts["second_rights"]} in a second one, the {facts["second_view"].replace("_", " ")}'
