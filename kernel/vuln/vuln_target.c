/* The bugs whose target is sealed memory. */
#include "core/options.h"
#include "mm/as/usercopy.h"
#include "mm/frame/window.h"
#include "mm/pool/pmalloc.h"
#include "task/process/process.h"
#include "vuln/park.h"
#include "vuln/target.h"
#include "vuln/vuln.h"

int64_t sys_vuln_sealed(uint64_t at)
{
	struct bw_sealed sealed;
	const void *record, *secret;
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	target_describe(&sealed);
	status = target_record(&record, &secret);
	if (status == STATUS_OK) {
		sealed.secret = target_object_describe(NULL, secret).alias;
		status = copy_to_user((uva_t){ at }, &sealed, sizeof(sealed));
	}
	return vuln_leave((uint64_t)status);
}

int64_t sys_vuln_pool_open(uint64_t at)
{
	uint64_t object = 0;
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = target_pool_open(process_current()->pid, &object);
	if (status == STATUS_OK) {
		status = store_user_u64((uva_t){ at }, object);
	}
	return vuln_leave((uint64_t)status);
}

/* But for the caller's own, nobody checks whose pool it is. */
static status_t pool_change(uint64_t address, enum bw_pool_change how)
{
	const struct pool *pool = (const struct pool *)address;

	switch (how) {
	case BW_POOL_SEAL_OWN: return target_pool_seal(address);
	case BW_POOL_DESTROY_OWN: return target_pool_destroy(address);
	case BW_POOL_FREEZE: return pmalloc_make_pool_ro(pool);
	case BW_POOL_DESTROY: return pmalloc_destroy_pool(pool);
	default: return STATUS_EINVAL;
	}
}

int64_t sys_vuln_pool_change(uint64_t address, uint64_t how)
{
	return vuln_enter() ? vuln_leave((uint64_t)pool_change(address, (enum bw_pool_change)how))
			    : STATUS_ENOSYS;
}

int64_t sys_vuln_pool_born(uint64_t nr_pages, uint64_t at)
{
	struct bw_sealed_object object;
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = target_pool_born(process_current()->pid, nr_pages, &object);
	if (status == STATUS_OK) {
		status = copy_to_user((uva_t){ at }, &object, sizeof(object));
	}
	return vuln_leave((uint64_t)status);
}

/* The second store is that of a kernel that checked before it waited. */
int64_t sys_vuln_write_parked(uint64_t address, uint64_t value)
{
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	vuln_write_to(address, value);
	status = park();
	if (status == STATUS_OK) {
		vuln_write_to(address, value + 1);
	}
	return vuln_leave((uint64_t)status);
}

/* A write-rare call whose target nobody checked: the kernel as a confused deputy. */
int64_t sys_vuln_wr(uint64_t address, uint64_t value)
{
	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	return vuln_leave((uint64_t)wr_memcpy((const void *)address, &value, sizeof(value)));
}

int64_t sys_vuln_wr_hold(void)
{
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = options.pmalloc == pmalloc_off ? park() : window_hold(target_frame(), park);
	return vuln_leave((uint64_t)status);
}

/* Copies as many bytes of the record as the caller says. */
int64_t sys_vuln_overread(uint64_t at, uint64_t len_bytes)
{
	const void *record, *secret;
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	status = target_record(&record, &secret);
	if (status == STATUS_OK) {
		status = copy_to_user((uva_t){ at }, record, len_bytes);
	}
	return vuln_leave((uint64_t)status);
}
