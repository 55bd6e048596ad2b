/* Detects and enables processor features. */
#include "arch/x86_64/cpu/features.h"

#include "arch/x86_64/cpu/paging.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/tlb_port.h"
#include "lib/string.h"

RO_AFTER_INIT struct cpu_features cpu_features;

enum {
	LEAF_FEATURES = 1,
	LEAF_STRUCTURED = 7,
	LEAF_NEWEST_EXTENDED = 0x80000000,
	LEAF_EXTENDED,
	LEAF_BRAND,
	LEAF_ADDRESSES = 0x80000008,
};

/* Of the structured features, EBX. Simulated PCIDs come with INVPCID where the emulator is told
 * that there is ADX, which the kernel does not use: so both kinds of processor can be had. */
enum { BIT_INVPCID = 10, BIT_ADX = 19 };
enum { PHYS_BITS_LEAST = 36 }; /* of a processor that does not say */

static uint8_t phys_bits(void)
{
	if (cpuid_read(LEAF_NEWEST_EXTENDED, 0).eax < LEAF_ADDRESSES) {
		return PHYS_BITS_LEAST;
	}
	return cpuid_read(LEAF_ADDRESSES, 0).eax & 0xff;
}

static bool bit(uint32_t value, unsigned nr) { return value >> nr & 1; }

void features_detect(void)
{
	struct cpuid basic = cpuid_read(LEAF_FEATURES, 0);
	struct cpuid extended = cpuid_read(LEAF_EXTENDED, 0);
	struct cpuid structured = { 0 };

	if (cpuid_read(0, 0).eax >= LEAF_STRUCTURED) {
		structured = cpuid_read(LEAF_STRUCTURED, 0);
	}
	cpu_features = (struct cpu_features){
		.nx = bit(extended.edx, 20),
		.smep = bit(structured.ebx, 7),
		.smap = bit(structured.ebx, 20),
		.umip = bit(structured.ecx, 2),
		.pks = bit(structured.ecx, 31),
		.mce = bit(basic.edx, 7),
		.pcid = PCID_IS_SIMULATED || bit(basic.ecx, 17),
		.invpcid = bit(structured.ebx, PCID_IS_SIMULATED ? BIT_ADX : BIT_INVPCID),
		.xsave = bit(basic.ecx, 26),
		.rdrand = bit(basic.ecx, 30),
		.rdseed = bit(structured.ebx, 18),
		.x2apic = bit(basic.ecx, 21),
		.phys_bits = phys_bits(),
	};
}

/* The brand string; where there is none, the vendor. */
static void model_read(char *out)
{
	uint32_t words[FEATURES_MODEL_BYTES / sizeof(uint32_t)] = { 0 };
	struct cpuid vendor = cpuid_read(0, 0);

	if (cpuid_read(LEAF_NEWEST_EXTENDED, 0).eax >= LEAF_BRAND + 2) {
		for (unsigned i = 0; i < 3; i++) {
			struct cpuid part = cpuid_read(LEAF_BRAND + i, 0);

			memcpy(words + 4 * i, &part, sizeof(part));
		}
	} else {
		words[0] = vendor.ebx;
		words[1] = vendor.edx;
		words[2] = vendor.ecx;
	}
	memcpy(out, words, sizeof(words));
	out[sizeof(words)] = '\0';
}

const char *features_model(char out[FEATURES_MODEL_BYTES])
{
	char text[FEATURES_MODEL_BYTES];
	const char *at = text;
	size_t len = 0;

	model_read(text);
	for (; *at != '\0'; at++) {
		char shown = *at < ' ' || *at > '~' ? '?' : *at;

		if (shown != ' ' || (len > 0 && out[len - 1] != ' ')) {
			out[len++] = shown;
		}
	}
	len -= len > 0 && out[len - 1] == ' ';
	out[len] = '\0';
	return out;
}

void features_enable(struct cpu_wants wants)
{
	/* all of it: the firmware may have left on what the rest does not reckon with, such as
	 * FSGSBASE, which lets user mode choose GS */
	uint64_t cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;

	cr4 |= cpu_features.mce ? CR4_MCE : 0;
	cr4 |= wants.smep && cpu_features.smep ? CR4_SMEP : 0;
	cr4 |= wants.smap && cpu_features.smap ? CR4_SMAP : 0;
	cr4 |= wants.umip && cpu_features.umip ? CR4_UMIP : 0;
	cr4 |= cpu_features.pks ? CR4_PKS : 0;
	cr4 |= cpu_features.xsave ? CR4_OSXSAVE : 0;
	cr4_write(cr4);
	if (cpu_features.pks) {
		msr_write(MSR_PKRS, PKRS_CLOSED);
	}
	cr0_write((cr0_read() & ~(CR0_EM | CR0_TS | CR0_AM | CR0_CD | CR0_NW)) | CR0_MP | CR0_NE |
		  CR0_WP);
	breakpoints_clear();
	if (cpu_features.nx) {
		msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NXE);
	}
}

void syscall_enable(va_t entry)
{
	/* SYSCALL: CS = STAR[47:32], SS = +8; SYSRET: CS = STAR[63:48] + 16, SS = +8 */
	msr_write(MSR_STAR,
		  (uint64_t)(SELECTOR_USER_DATA - 8) << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
	msr_write(MSR_LSTAR, entry.va);
	msr_write(MSR_SFMASK, RFLAGS_CLEARED | 0x8d5);
	msr_write(MSR_SYSENTER_CS, 0); /* SYSENTER: #GP */
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
}
