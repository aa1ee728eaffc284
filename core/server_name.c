/* server_name.c - the name that this server goes by: the setting, else the machine's */
#include "core/server_name.h"

#include <pthread.h>
#include <unistd.h>

CONF_KEY(server_name) = {
	.name = "server.name",
	.type = CONF_TEXT,
	.def = "",
	.help = "host name in greetings and Received lines; empty: the machine's",
};

/* Asked for once: machines do not change their names while they serve. */
static char machine_name[256];

static void read_machine_name(void)
{
	if (gethostname(machine_name, sizeof machine_name - 1) != 0 || !machine_name[0])
		memcpy(machine_name, "localhost", sizeof "localhost");
}

void server_name_add(struct buf *out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct buf name = { 0 };

	pthread_once(&once, read_machine_name);
	conf_text(&conf_key_server_name, NULL, &name);
	buf_adds(out, name.n > 0 ? buf_slice(&name) : slice_str(machine_name));
	buf_done(&name);
}

const char *server_name(struct pool *pool)
{
	struct buf name = { 0 };

	server_name_add(&name);
	const char *z = pool_str(pool, buf_slice(&name));
	buf_done(&name);
	return z;
}
