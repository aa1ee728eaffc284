/* auth_sasl_start.c - set libsasl2 up: no files, no plug-ins but the three that we offer */
#include <pthread.h>
#include <stdlib.h>

#include <sasl/sasl.h>

#include "core/auth_private.h"
#include "core/log.h"

/* A channel on which all is offered that the library does. */
static const struct auth_channel by_library = { .tls = true };

/* ---- what the library asks */

static int getopt_cb(
    void *context, const char *plugin, const char *option, const char **result, unsigned *n)
{
	const struct {
		const char *option, *value;
	} options[] = {
		{ "mech_list", auth_mechs(&by_library) },
		{ "auxprop_plugin", "signet" },
		{ "pwcheck_method", "auxprop" },
	};
	(void)context, (void)plugin;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (strcmp(option, options[i].option) != 0)
			continue;
		*result = options[i].value;
		if (n)
			*n = (unsigned)strlen(*result);
		return SASL_OK;
	}
	return SASL_FAIL;
}

/* Its failures are told by whoever asked for the exchange; its traces may hold
   passwords. What is left are complaints about the installation. */
static int log_cb(void *context, int level, const char *text)
{
	(void)context;
	if (level == SASL_LOG_ERR)
		log_event(LOG_DEBUG, "sasl", log_z("text", text));
	return SASL_OK;
}

/* No file is read: the folder does not exist. */
static int confpath_cb(void *context, char **path)
{
	static char nowhere[] = "/nonexistent";
	(void)context;
	*path = nowhere;
	return SASL_OK;
}

/* Of all plug-ins installed, load the ones that serve what is offered. */
static int verify_cb(void *context, const char *file, sasl_verify_type_t type)
{
	static const char *const wanted[] = { "/libplain.", "/liblogin.", "/libscram." };
	(void)context;
	if (type == SASL_VRFY_PLUGIN)
		for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
			if (strstr(file, wanted[i]))
				return SASL_OK;
	return SASL_CONTINUE;
}

/* ---- start */

static void *mutex_new(void)
{
	pthread_mutex_t *m = mem_get(sizeof(*m));
	pthread_mutex_init(m, NULL);
	return m;
}

static int mutex_lock(void *m)
{
	return pthread_mutex_lock(m) ? SASL_FAIL : SASL_OK;
}

static int mutex_unlock(void *m)
{
	return pthread_mutex_unlock(m) ? SASL_FAIL : SASL_OK;
}

static void mutex_free(void *m)
{
	if (m)
		pthread_mutex_destroy(m);
	free(m);
}

/* Are the plug-ins there that serve what is offered? */
static int check_plugins(struct err *err)
{
	const char **have = sasl_global_listmech();
	struct slice rest = slice_str(auth_mechs(&by_library)), mech;
	while ((mech = slice_word(&rest)).n > 0) {
		const char **at = have;
		while (at && *at && !slice_eq(slice_str(*at), mech))
			at++;
		if (!at || !*at)
			return err_set(err, ERR_TEMP,
			    "libsasl2 has no %.*s: install its plug-ins (libsasl2-modules)",
			    SLICE_ARG(mech));
	}
	return 0;
}

int auth_start(const struct auth_backend *backend, struct err *err)
{
	static const sasl_callback_t callbacks[] = {
		{ SASL_CB_GETOPT, AUTH_CALLBACK(getopt_cb), NULL },
		{ SASL_CB_LOG, AUTH_CALLBACK(log_cb), NULL },
		{ SASL_CB_GETCONFPATH, AUTH_CALLBACK(confpath_cb), NULL },
		{ SASL_CB_VERIFYFILE, AUTH_CALLBACK(verify_cb), NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	auth_backend_set(backend);
	auth_secret_start(backend->pepper);
	auth_remember_start();

	/* Before all else: without it the library is not safe with threads. */
	sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
	int rc = auth_sasl_plugin();
	if (rc == SASL_OK)
		rc = sasl_server_init(callbacks, "signet");
	if (rc != SASL_OK)
		return err_set(
		    err, ERR_TEMP, "libsasl2 does not start: %s", sasl_errstring(rc, NULL, NULL));
	return check_plugins(err);
}
