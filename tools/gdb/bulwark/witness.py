"""What the kernel has seen an attack achieve: kernel/task/authority/witness.c."""
from bulwark import image, kernel, tasks

WORDS = (('BW_FACT_OTHER_USER', 'it became another user'), ('BW_FACT_FLAG', 'it proved the flag'),
	('BW_FACT_BASE', 'it proved where the image is'), ('BW_FACT_SEALED', 'it changed sealed memory'),
	('BW_FACT_FORBIDDEN_CALL', 'it made a call that its policy forbids'),
	('BW_FACT_FOREIGN_PAGE', 'it held a page of another user\'s'))


def record_of(process):
	"""Of the attack that the process is a member of; None: of none."""
	credential = tasks.credential_of(process)
	at = int(kernel.variable("'kernel/task/authority/witness.c'::testimony"))
	if credential is None or not int(credential['job']) or not at:
		return None
	records = kernel.object_at('struct testimony', at)['records']
	first, last = records.type.range()
	for i in range(first, last + 1):
		if int(records[i]['job']) == int(credential['job']):
			return records[i]
	return None


def facts_of(process):
	"""Of its whole attack, in words."""
	record = record_of(process)
	if record is None:
		return []
	names = {name: value for value, name in image.enum('bw_fact').items()}
	facts = [words for name, words in WORDS if int(record['facts']) & names[name]]
	if WORDS[0][1] in facts and int(record['other_uid']) == 0:
		facts[0] = 'it became root'
	return facts
