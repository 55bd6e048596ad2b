"""One sentence about what a walk found: who may do what at the address, or which defence took it away."""
from bulwark import image, kernel, layout, paging, roots

FRAME_MISSING = {
	'USER_HIDDEN': 'XPFO: frame {0:#x} is user space\'s, and so not in the direct map',
	'FREE_HIDDEN': 'XPFO: frame {0:#x} is free, but kept ready for user space: not in the direct map',
	'POOL_OPEN': 'pmalloc: frame {0:#x} belongs to a write-once pool: its pages have no alias in the direct map',
	'POOL_SEALED': 'pmalloc: frame {0:#x} is sealed: it has no alias in the direct map',
	'RESERVED': 'frame {0:#x} is no memory that the kernel manages',
}
MISSING = {
	'VIEW_USER_HALF': 'no page is here: memory that was never touched, or none at all',
	'VIEW_KSPACE': 'a guard page, or nothing: no kernel stack or device is mapped here',
	'VIEW_POOLS': 'no pool has memory here: a guard page, or where a destroyed pool was',
	'VIEW_WINDOW': 'the private window is in its CPU\'s own root only, and closed',
	'VIEW_ENTRY_AREA': 'a page between the parts of the entry area',
	'VIEW_IMAGE': 'a part of the kernel\'s image that is not mapped',
	'VIEW_NONE': 'nothing is ever mapped here',
}
SEALED = {state: '; pmalloc: it is sealed' for state in ('POOL_SEALED', 'PLAIN_SEALED', 'ROALIAS_SEALED')}


def _verbs(rights):
	verbs = ['read'] + ['write'] * bool(rights & paging.WRITE) + ['run'] * bool(rights & paging.EXECUTE)
	return verbs[0] if len(verbs) == 1 else ', '.join(verbs[:-1]) + ' and ' + verbs[-1]


def _mapped(walk, root, state):
	verbs = _verbs(walk.rights)
	if not walk.rights & paging.USER:
		return f'the kernel may {verbs} it, user mode nothing' + SEALED.get(state, '')
	if root.half == roots.KERNEL and walk.takes_away(walk.entries[0]) & paging.EXECUTE:
		return f'user memory: {_kernel_on_user(walk.rights)}; KAISER: nobody runs it on this root'
	return f'user mode may {verbs} it; {_kernel_on_user(walk.rights)}'


def _is_on(option):
	return str(kernel.variable('options')[option]) == f'{option}_on'


def _kernel_on_user(rights):
	"""What the processor lets the kernel do with user memory."""
	verbs = [verb for verb in ('read', 'write') if verb == 'read' or rights & paging.WRITE]
	words = [f'SMAP: the kernel may {" and ".join(verbs)} it in its copy routines alone' if _is_on('smap') else
		f'the kernel may {" and ".join(verbs)} it']
	if rights & paging.EXECUTE:
		words.append('SMEP: it may not run it' if _is_on('smep') else 'and run it')
	return ', '.join(words)


def of(walk, root, table):
	"""`table`: the frame table; None where there is none yet."""
	if not root.is_in_use():
		return 'KAISER is off: this root is not in use, user mode runs on the kernel root'
	if walk.mapped:
		return _mapped(walk, root, table.state(walk.frame) if table else '')
	view = layout.Layout().view(walk.address)
	if 1 << 47 <= walk.address < image.constant('KERNEL_HALF'):
		return 'the processor knows no such address'
	if root.half == roots.SHADOW and view not in ('VIEW_USER_HALF', 'VIEW_ENTRY_AREA'):
		has = 'maps it' if paging.walk(root.pfn - 1, walk.address).mapped else 'lacks it, too'
		return f'KAISER: user mode\'s root has nothing of the kernel but the entry area (the kernel root {has})'
	pfn = layout.direct_frame(walk.address)
	if pfn is not None and table:
		return FRAME_MISSING.get(table.state(pfn), 'frame {0:#x} should be in the direct map here').format(pfn)
	return MISSING.get(view, 'nothing is mapped here')
