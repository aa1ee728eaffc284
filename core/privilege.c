/* privilege.c - one capability kept, and raised while a port is bound */
#include "core/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const uint32_t bind_right = 1U << CAP_NET_BIND_SERVICE;

struct rights {
	struct __user_cap_data_struct words[2]; /* capabilities from 0, from 32 */
};

static long call(long number, struct rights *rights)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(number, &head, rights->words);
}

int privilege_drop(uid_t uid, gid_t gid, struct err *err)
{
	struct rights kept = { .words = { { .permitted = bind_right } } };

	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return err_sys(err, "cannot give up root");
	/* A container may have no such right to keep: then there is none. */
	if (call(SYS_capset, &kept) != 0) {
		kept = (struct rights){ 0 };
		if (call(SYS_capset, &kept) != 0)
			return err_sys(err, "cannot give up root's rights");
	}
	return setuid(0) == 0 ? err_set(err, ERR_TEMP, "cannot give up root") : 0;
}

static bool turn(bool on)
{
	struct rights rights = { 0 };

	if (call(SYS_capget, &rights) != 0 || !(rights.words[0].permitted & bind_right) ||
	    !!(rights.words[0].effective & bind_right) == on)
		return false;
	rights.words[0].effective ^= bind_right;
	return call(SYS_capset, &rights) == 0;
}

struct privilege_held privilege_raise(void)
{
	return (struct privilege_held){ .raised = turn(true) };
}

void privilege_lower(struct privilege_held held)
{
	int why = errno;

	if (held.raised)
		turn(false);
	errno = why;
}
