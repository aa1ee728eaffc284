/* offline.c - messages for an account whose clients are not there (XEP-0160, XEP-0203)
 *
 * Records "m" and a rising number: when it came, and the stanza. A record "n"
 * says how many there are, so that the bound costs no walk. */
#include "protocols/xmpp/offline.h"

#include <stdlib.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "storage/acct_record.h"

CONF_KEY(xmpp_max_offline) = {
	.name = "xmpp.max-offline",
	.type = CONF_INT,
	.scopes = CONF_SERVER | CONF_DOMAIN | CONF_ACCOUNT,
	.def = "1000",
	.min = 0,
	.max = 1000000,
	.help = "messages kept for an account that is offline; 0: none",
};

#define ROOM "offline"
enum { RECORD_VERSION = 1, KEY_BYTES = 9, HEAD = 9 };

static const struct slice count_key = { "n", 1 };

static uint64_t count_of(struct acct *acct, bool *failed)
{
	struct buf value = { 0 };
	int found = acct_record_get(acct, ROOM, count_key, &value);
	uint64_t n = found == 1 && value.n == HEAD ? num_get64((unsigned char *)value.p + 1) : 0;

	*failed = found < 0;
	buf_done(&value);
	return n;
}

static void put_number(unsigned char out[HEAD], uint64_t n)
{
	out[0] = RECORD_VERSION;
	num_put64(out + 1, n);
}

static int put(struct acct *acct, struct slice text, int64_t born, uint64_t n, struct err *err)
{
	unsigned char key[KEY_BYTES] = { 'm' }, head[HEAD], count[HEAD];
	struct buf value = { 0 };

	num_put64(key + 1, log_id());
	put_number(head, (uint64_t)born);
	put_number(count, n);
	buf_add(&value, head, sizeof(head));
	buf_adds(&value, text);
	struct acct_record records[] = {
		{ slice_of(key, sizeof(key)), buf_slice(&value) },
		{ count_key, slice_of(count, sizeof(count)) },
	};
	int rc = acct_record_put(acct, ROOM, records, 2, err);
	buf_done(&value);
	return rc;
}

static uint64_t most(const struct xmpp_user *user)
{
	struct buf account = { 0 };
	ptrdiff_t at = slice_chr(user->jid, '@');

	buf_adds(&account, user->jid);
	const char *name = buf_z(&account);
	uint64_t n = (uint64_t)conf_num_at(&conf_key_xmpp_max_offline,
	    &(struct conf_at){ .account = name, .domain = name + at + 1 });
	buf_done(&account);
	return n;
}

/* With the edit lock. */
static int store(struct xmpp_user *user, struct slice text, int64_t born, struct err *err)
{
	struct acct *acct = acct_open(user->id, user->shard);
	bool failed = true;
	int rc;

	if (!acct)
		return err_set(err, ERR_TEMP, "the account's store is not open");
	uint64_t n = count_of(acct, &failed);
	if (failed)
		rc = err_set(err, ERR_TEMP, "the offline store cannot be read");
	else if (n >= most(user))
		rc = err_set(err, ERR_LIMIT, "%llu messages wait already", (unsigned long long)n);
	else
		rc = put(acct, text, born, n + 1, err);
	acct_close(&acct);
	return rc;
}

/* A client is present before it asks for what waits, and asks under the same lock:
   so either it is found here, or it finds what is stored here. */
int xmpp_offline_put(
    struct xmpp_user *user, const struct xml *el, struct xmpp_stanza *stanza, struct err *err)
{
	struct slice nobody = { 0 };

	pthread_mutex_lock(&user->edit);
	int rc = 0;
	if (xmpp_user_message(user, nobody, el, stanza) != XMPP_TAKEN)
		rc = store(user, xmpp_stanza_text(stanza), stanza->born, err);
	pthread_mutex_unlock(&user->edit);
	return rc;
}

/* --- taking them out --- */

struct taking {
	struct buf keys; /* KEY_BYTES each */
	void (*see)(void *arg, struct slice text, int64_t born);
	void *arg;
	size_t n, most;
};

static bool see_record(void *arg, struct slice key, struct slice value)
{
	struct taking *t = arg;

	if (t->n == t->most)
		return false;
	if (key.n == KEY_BYTES) {
		buf_adds(&t->keys, key);
		t->n++;
		if (value.n > HEAD && value.p[0] == RECORD_VERSION)
			t->see(t->arg, slice_from(value, HEAD),
			    (int64_t)num_get64((const unsigned char *)value.p + 1));
		else
			log_event(LOG_ERROR, "offline-message-damaged");
	}
	return true;
}

/* With the edit lock. */
static int drop(struct acct *acct, struct slice keys, struct err *err)
{
	size_t n = keys.n / KEY_BYTES;
	unsigned char count[HEAD];
	bool failed;
	uint64_t left = count_of(acct, &failed);
	struct acct_record *records = mem_get((n + 1) * sizeof(*records));

	for (size_t i = 0; i < n; i++)
		records[i].key = slice_of(keys.p + i * KEY_BYTES, KEY_BYTES);
	put_number(count, left - n);
	records[n].key = count_key;
	if (left > n)
		records[n].value = slice_of(count, sizeof(count));
	int rc = acct_record_put(acct, ROOM, records, n + 1, err);
	free(records);
	return rc;
}

int xmpp_offline_take(struct xmpp_user *user, size_t most_now,
    void (*see)(void *arg, struct slice text, int64_t born), void *arg)
{
	struct taking t = { .see = see, .arg = arg, .most = most_now };
	struct err err = { 0 };
	struct acct *acct = acct_open(user->id, user->shard);
	int rc = acct ? 0 : -1;

	pthread_mutex_lock(&user->edit);
	if (rc == 0)
		rc = acct_record_each(acct, ROOM, SLICE("m"), see_record, &t);
	if (rc == 0 && t.n > 0)
		rc = drop(acct, buf_slice(&t.keys), &err);
	pthread_mutex_unlock(&user->edit);
	if (rc < 0)
		log_event(LOG_ERROR, "offline-store-failed", log_z("reason", err.text));
	buf_done(&t.keys);
	if (acct)
		acct_close(&acct);
	return rc < 0 ? -1 : (int)t.n;
}
