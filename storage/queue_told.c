/* queue_told.c - which outcomes a sender wants to be told of (RFC 3461 §4.1) */
#include "storage/queue.h"

bool queue_wants_told(struct slice reverse_path, struct slice notify, enum queue_state state)
{
	static const char *const words[] = {
		[QUEUE_WAITING] = "DELAY", [QUEUE_DELIVERED] = "SUCCESS", [QUEUE_FAILED] = "FAILURE"
	};

	if (reverse_path.n == 0)
		return false;
	if (notify.n == 0)
		return state != QUEUE_DELIVERED;
	while (notify.n > 0)
		if (slice_ieq(slice_cut(&notify, ','), slice_str(words[state])))
			return true;
	return false;
}
