/* Chooses the user-access routines once. */
#include "arch/x86_64/entry/uaccess.h"

#define VARIANT(suffix)                                                                            \
	uint64_t uaccess_copy_##suffix(void *to, const void *from, uint64_t len_bytes);            \
	uint64_t uaccess_zero_##suffix(void *to, uint64_t len_bytes);                              \
	uint64_t uaccess_load_u32_##suffix(uint32_t *to, const void *from);                        \
	uint64_t uaccess_load_u64_##suffix(uint64_t *to, const void *from);                        \
	uint64_t uaccess_store_u32_##suffix(void *to, uint32_t value);                             \
	uint64_t uaccess_store_u64_##suffix(void *to, uint64_t value);                             \
	static struct uaccess suffix##_routines(void)                                              \
	{                                                                                          \
		return (struct uaccess){                                                           \
			uaccess_copy_##suffix,      uaccess_zero_##suffix,                         \
			uaccess_load_u32_##suffix,  uaccess_load_u64_##suffix,                     \
			uaccess_store_u32_##suffix, uaccess_store_u64_##suffix,                    \
		};                                                                                 \
	}
VARIANT(smap)
VARIANT(plain)

RO_AFTER_INIT struct uaccess uaccess;

void uaccess_init(bool has_smap) { uaccess = has_smap ? smap_routines() : plain_routines(); }
