/* Endpoint calls. */
#include "task/endpoint.h"
#include "task/ipc.h"
#include "task/syscall.h"

int64_t sys_endpoint_create(void)
{
	uint64_t handle;
	status_t status = endpoint_create(&handle);

	return status ? status : (int64_t)handle;
}

int64_t sys_ipc_call(uint64_t handle) { return ipc_call(handle); }

int64_t sys_ipc_receive(uint64_t handle) { return ipc_receive(handle); }

int64_t sys_ipc_reply_receive(uint64_t handle) { return ipc_reply_receive(handle); }
