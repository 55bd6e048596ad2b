/* Floating-point state. Source: Intel SDM vol. 1, "Managing State Using the XSAVE Feature Set". */
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/entry/context.h"
#include "lib/string.h"

enum {
	LEAF_XSAVE = 0xd,
	XCR0_X87 = 1,
	XCR0_SSE = 2,
	XCR0_AVX = 4,
	FXSAVE_BYTES = 512,
	FXSAVE_FCW = 0,
	FXSAVE_MXCSR = 24
};
enum { FCW_DEFAULT = 0x37f, MXCSR_DEFAULT = 0x1f80 };

RO_AFTER_INIT uint32_t fpu_area_bytes = FXSAVE_BYTES;
RO_AFTER_INIT uint64_t fpu_components;

void fpu_init(void)
{
	if (!cpu_features.xsave) {
		return;
	}
	fpu_components = cpuid_read(LEAF_XSAVE, 0).eax & (XCR0_X87 | XCR0_SSE | XCR0_AVX);
	fpu_init_cpu();
	/* EBX: bytes for what XCR0 enables now */
	fpu_area_bytes = cpuid_read(LEAF_XSAVE, 0).ebx;
}

void fpu_init_cpu(void)
{
	if (fpu_components) {
		asm volatile("xsetbv" : : "c"(0), "a"((uint32_t)fpu_components), "d"(0));
	}
}

void fpu_area_init(void *area)
{
	uint8_t *bytes = area;
	uint16_t fcw = FCW_DEFAULT;
	uint32_t mxcsr = MXCSR_DEFAULT;

	memset(area, 0, fpu_area_bytes);
	memcpy(bytes + FXSAVE_FCW, &fcw, sizeof(fcw));
	memcpy(bytes + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

void fpu_save(void *area)
{
	if (fpu_components) {
		asm volatile("xsave64 (%0)"
			     :
			     : "r"(area), "a"((uint32_t)fpu_components), "d"(0)
			     : "memory");
	} else {
		asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
	}
}

void fpu_load(const void *area)
{
	if (fpu_components) {
		asm volatile("xrstor64 (%0)"
			     :
			     : "r"(area), "a"((uint32_t)fpu_components), "d"(0)
			     : "memory");
	} else {
		asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
	}
}
