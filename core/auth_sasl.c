/* auth_sasl.c - SASL exchanges by libsasl2, which sees our accounts and nothing else
 *
 * The library has two doors to us: canon() hears the login name and looks the
 * account up into the exchange's own struct; then SCRAM takes its secrets from
 * lookup(), and PLAIN and LOGIN ask check(). What its answers mean is decided
 * here: for a name without account SCRAM runs to its end on a secret that
 * nothing matches. */
#include <stdlib.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

#include "core/auth_private.h"
#include "core/loop.h"

struct auth {
	sasl_conn_t *conn;
	sasl_callback_t callbacks[3];
	sasl_channel_binding_t binding;
	unsigned char binding_data[32];
	const char *offered, *mech;
	enum { FRESH, BEGUN, LAST_WORD, DONE, OVER } stage;
	bool scram, plus, external;
	char *proved; /* accounts, by the client's certificate */
	bool bound;   /* the client's words on channel binding were looked at */
	struct pool pool;
	struct buf tried;
	struct buf domain; /* of names without one; empty: the main domain */
	int found;	   /* as auth_find */
	bool later;	   /* the password was not checked: this is a loop */
	bool unknown;	   /* nor could it be now */
	struct auth_account account;
};

/* ---- the name and the password */

/* The name with its domain, for the directory; SCRAM hashes it as it was sent. */
static struct slice full_name(struct auth *auth, struct slice name)
{
	if (auth->domain.n == 0 || slice_chr(name, '@') >= 0)
		return name;
	return slice_str(pool_printf(
	    &auth->pool, "%.*s@%.*s", SLICE_ARG(name), SLICE_ARG(buf_slice(&auth->domain))));
}

/* The login name: note it, find its account. An authorization identity comes
   here too; the library refuses it at the end when it is not the same. */
static int canon(sasl_conn_t *conn, void *context, const char *in, unsigned n, unsigned flags,
    const char *realm, char *out, unsigned out_max, unsigned *out_n)
{
	struct auth *auth = context;
	struct slice name = auth_usable_name(slice_of(in, n), out_max);
	(void)conn, (void)realm;

	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	*out_n = (unsigned)name.n;
	if ((flags & SASL_CU_AUTHID) && !slice_eq(name, buf_slice(&auth->tried))) {
		buf_clear(&auth->tried);
		buf_adds(&auth->tried, name);
		auth->found = auth_find(full_name(auth, name), &auth->pool, &auth->account);
	}
	return SASL_OK;
}

static int check(sasl_conn_t *conn, void *context, const char *user, const char *password,
    unsigned n, struct propctx *props)
{
	struct auth *auth = context;
	(void)conn, (void)user, (void)props;
	enum auth_result result = auth_check(auth->found, &auth->account, slice_of(password, n));
	auth->later = result == AUTH_LATER;
	auth->unknown = result == AUTH_TEMP;
	return result == AUTH_OK ? SASL_OK : SASL_BADAUTH;
}

/* ---- secrets for SCRAM: an auxprop plug-in of our own */

#define SECRETS "*authPassword"

static bool wanted(struct propctx *props)
{
	const struct propval *p = prop_get(props);
	for (; p && p->name; p++)
		if (!strcmp(p->name, SECRETS))
			return true;
	return false;
}

static const char *secret_for(struct auth *auth, const struct auth_hash *hash)
{
	struct auth_secret fake;
	const char *text = auth->found ? auth_secret_of(&auth->account, hash) : NULL;
	if (text)
		return text;
	auth_secret_fake(hash, auth->account.name, &fake);
	return auth_secret_text(&fake, &auth->pool);
}

static int lookup(
    void *glob, sasl_server_params_t *params, unsigned flags, const char *user, unsigned n)
{
	sasl_callback_ft proc;
	void *context = NULL;
	(void)glob, (void)user, (void)n;

	if ((flags & SASL_AUXPROP_AUTHZID) || !wanted(params->propctx))
		return SASL_OK;
	int rc = params->utils->getcallback(
	    params->utils->conn, SASL_CB_SERVER_USERDB_CHECKPASS, &proc, &context);
	if (rc != SASL_OK || !context)
		return SASL_FAIL;
	if (((struct auth *)context)->found < 0)
		return SASL_UNAVAIL;
	prop_clear(params->propctx, 0);
	for (size_t i = 0; i < AUTH_HASHES; i++) {
		const char *text = secret_for(context, &auth_hashes[i]);
		/* No name: one more value under the name before. */
		if (prop_set(params->propctx, i ? NULL : SECRETS, text, 0) != SASL_OK)
			return SASL_FAIL;
	}
	return SASL_OK;
}

static int plugin_init(const sasl_utils_t *utils, int max_version, int *version,
    sasl_auxprop_plug_t **plugin, const char *name)
{
	static char own_name[] = "signet";
	static sasl_auxprop_plug_t own = { .auxprop_lookup = lookup, .name = own_name };
	(void)utils, (void)name;
	if (max_version < SASL_AUXPROP_PLUG_VERSION)
		return SASL_BADVERS;
	*version = SASL_AUXPROP_PLUG_VERSION;
	*plugin = &own;
	return SASL_OK;
}

int auth_sasl_plugin(void)
{
	return sasl_auxprop_add_plugin("signet", plugin_init);
}

/* ---- one exchange */

struct auth *auth_new(const char *service, const struct auth_channel *channel)
{
	struct auth *auth = mem_get(sizeof(*auth));
	auth->pool.wipe = true;
	auth->offered = auth_mechs(channel);
	auth->proved = pool_str(&auth->pool, slice_str(channel->external));
	auth->callbacks[0] = (sasl_callback_t){ SASL_CB_CANON_USER, AUTH_CALLBACK(canon), auth };
	auth->callbacks[1] =
	    (sasl_callback_t){ SASL_CB_SERVER_USERDB_CHECKPASS, AUTH_CALLBACK(check), auth };
	auth->callbacks[2] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
	/* A host name, so that the library does not go and resolve one. */
	int rc = sasl_server_new(service, "localhost", NULL, NULL, NULL, auth->callbacks,
	    SASL_SUCCESS_DATA, &auth->conn);
	if (rc == SASL_OK && channel->bound) {
		memcpy(auth->binding_data, channel->binding, sizeof(auth->binding_data));
		auth->binding = (sasl_channel_binding_t){ .name = AUTH_BINDING,
			.len = sizeof(auth->binding_data),
			.data = auth->binding_data };
		rc = sasl_setprop(auth->conn, SASL_CHANNEL_BINDING, &auth->binding);
	}
	/* Nothing but want of memory makes these fail. */
	if (rc != SASL_OK)
		bug("sasl_server_new: %s", sasl_errstring(rc, NULL, NULL));
	return auth;
}

void auth_free(struct auth **auth)
{
	struct auth *a = *auth;
	if (!a)
		return;
	sasl_dispose(&a->conn);
	pool_done(&a->pool);
	buf_done(&a->tried);
	buf_done(&a->domain);
	bytes_wipe(a, sizeof(*a));
	free(a);
	*auth = NULL;
}

void auth_domain(struct auth *auth, struct slice domain)
{
	buf_clear(&auth->domain);
	buf_adds(&auth->domain, domain);
}

bool auth_last_word(const struct auth *auth)
{
	return auth->stage == LAST_WORD;
}

/* A client's first SCRAM message is looked at before the library sees it. */
static bool acceptable(struct auth *auth, struct slice response)
{
	if (!auth->scram || auth->bound)
		return true;
	auth->bound = true;
	return auth_binding_fits(response, auth->plus, auth->binding.data != NULL);
}

/* The proof was right. SCRAM's last word (v=) goes out as a challenge, since
   our dialogues have no success data; to a suspended account it does not, for
   it shows that the password was right. */
static enum auth_result proved(struct auth *auth, struct slice data, struct buf *out)
{
	auth->stage = OVER;
	if (auth->found != 1)
		return AUTH_WRONG;
	if (auth->scram && auth_admit(&auth->account) != AUTH_OK)
		return AUTH_WRONG;
	auth->stage = auth->scram ? LAST_WORD : DONE;
	if (!auth->scram)
		return AUTH_OK;
	buf_adds(out, data);
	return AUTH_MORE;
}

static enum auth_result verdict(
    struct auth *auth, int rc, const char *data, unsigned n, struct buf *out)
{
	struct slice answer = slice_of(data, data ? n : 0);
	if (rc == SASL_OK)
		return proved(auth, answer, out);
	if (rc == SASL_CONTINUE) {
		buf_adds(out, answer);
		return AUTH_MORE;
	}
	auth->stage = OVER;
	if (auth->later || (auth->found < 0 && loop_thread()))
		return AUTH_LATER;
	if (auth->found < 0 || auth->unknown || rc == SASL_NOMEM)
		return AUTH_TEMP;
	/* With a name it counts as an attempt, whatever was wrong with it. */
	return auth->tried.n > 0 ? AUTH_WRONG : AUTH_ABORT;
}

enum auth_result auth_refuse(struct auth *auth)
{
	auth->stage = OVER;
	return AUTH_ABORT;
}

/* The library is not asked: the certificate was judged already. */
static enum auth_result take_external(struct auth *auth, struct slice asked)
{
	enum auth_result result =
	    auth_external(auth->proved, asked, &auth->pool, &auth->account, &auth->found);

	auth->stage = result == AUTH_OK ? DONE : OVER;
	return result;
}

static enum auth_result begin_external(struct auth *auth, struct slice initial)
{
	auth->external = true;
	auth->stage = BEGUN;
	auth->mech = "EXTERNAL";
	return initial.p ? take_external(auth, initial) : AUTH_MORE;
}

enum auth_result auth_begin(
    struct auth *auth, struct slice mech, struct slice initial, struct buf *out)
{
	const char *data = NULL;
	unsigned n = 0;

	if (auth->stage != FRESH || !auth_offered(auth->offered, mech))
		return auth_refuse(auth);
	if (slice_ieq(mech, SLICE("EXTERNAL")))
		return begin_external(auth, initial);
	auth->stage = BEGUN;
	auth->scram = slice_istarts(mech, SLICE("SCRAM-"));
	auth->plus = slice_iends(mech, SLICE("-PLUS"));
	if (initial.p && !acceptable(auth, initial))
		return auth_refuse(auth);
	auth->mech = pool_str(&auth->pool, mech);
	int rc =
	    sasl_server_start(auth->conn, auth->mech, initial.p, (unsigned)initial.n, &data, &n);
	return verdict(auth, rc, data, n, out);
}

enum auth_result auth_step(struct auth *auth, struct slice response, struct buf *out)
{
	const char *data = NULL;
	unsigned n = 0;

	if (auth->stage == LAST_WORD && response.n == 0) {
		auth->stage = DONE;
		return AUTH_OK;
	}
	if (auth->stage == BEGUN && auth->external)
		return take_external(auth, response);
	if (auth->stage != BEGUN || !acceptable(auth, response))
		return auth_refuse(auth);
	int rc = sasl_server_step(
	    auth->conn, response.p ? response.p : "", (unsigned)response.n, &data, &n);
	return verdict(auth, rc, data, n, out);
}

const struct auth_account *auth_who(const struct auth *auth)
{
	return auth->stage == DONE ? &auth->account : NULL;
}

struct slice auth_tried(const struct auth *auth)
{
	return slice_str(auth->account.name);
}

const char *auth_mech(const struct auth *auth)
{
	return auth->mech ? auth->mech : "";
}
