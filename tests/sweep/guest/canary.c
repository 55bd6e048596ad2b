/*
 * A program that notices when its bytes, or the rule that it runs under, are not what they were:
 * its status is a sum of what it was loaded from, CALL_MADE where a call worked that the policy
 * (etc/policy) forbids.
 */
#include <stdint.h>
#include <unistd.h>

enum { CALL_MADE = 255, SUMS = 251 };
extern const uint8_t __executable_start[], etext[];

int main(void)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (const uint8_t *at = __executable_start; at < etext; at++) {
		sum = (sum ^ *at) * 0x100000001b3;
	}
	return setsid() >= 0 ? CALL_MADE : (int)(sum % SUMS);
}
