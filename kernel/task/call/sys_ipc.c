/* Endpoint calls. */
#include "task/call/syscall.h"
#include "task/ipc/endpoint.h"
#include "task/ipc/ipc.h"

int64_t sys_endpoint_create(void)
{
	uint64_t handle;
	status_t status = endpoint_create(&handle);

	return status ? status : (int64_t)handle;
}

int64_t sys_ipc_call(struct regs *regs) { return ipc_call(regs); }

int64_t sys_ipc_receive(struct regs *regs) { return ipc_receive(regs); }

int64_t sys_ipc_reply_receive(struct regs *regs) { return ipc_reply_receive(regs); }
