/* server.h - settings of the process itself */
#ifndef MAIN_SERVER_H
#define MAIN_SERVER_H

#include "core/conf.h"

extern const struct conf_key conf_key_server_loops, conf_key_server_workers,
    conf_key_server_network_threads, conf_key_server_drain_time;

#endif
