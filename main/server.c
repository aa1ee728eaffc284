/* server.c - settings of the process itself; apart from signetd.c because `signet` knows them, too
 */
#include "main/server.h"

CONF_KEY(server_loops) = {
	.name = "server.loops",
	.type = CONF_INT,
	.def = "0",
	.max = 256,
	.restart = true,
	.help = "event loops; 0 is one for each processor",
};

CONF_KEY(server_workers) = {
	.name = "server.workers",
	.type = CONF_INT,
	.def = "32",
	.min = 1,
	.max = 1000,
	.restart = true,
	.help = "most threads that wait for the disk at a time",
};

CONF_KEY(server_network_threads) = {
	.name = "server.network-threads",
	.type = CONF_INT,
	.def = "64",
	.min = 1,
	.max = 1000,
	.restart = true,
	.help = "most threads that wait for other machines, for the DNS say, while they judge mail",
};

CONF_KEY(server_drain_time) = {
	.name = "server.drain-time",
	.type = CONF_DURATION,
	.def = "10s",
	.max = 600000,
	.help = "how long sessions may finish what they do when the server ends",
};
