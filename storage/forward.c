/* forward.c - senders rewritten and taken back, and the keys for it */
#include "storage/forward.h"

#include <pthread.h>
#include <time.h>

#include "core/conf.h"
#include "core/log.h"
#include "core/num.h"
#include "core/op.h"
#include "core/random.h"
#include "core/srs.h"
#include "core/text.h"
#include "storage/dir.h"
#include "storage/sealed.h"
#include "storage/source.h"
#include "storage/store.h"

CONF_KEY(forward_srs) = {
	.name = "forward.srs",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "rewrite the sender of mail that is handed on to other servers, so that SPF holds",
};

CONF_KEY(forward_srs_days) = {
	.name = "forward.srs-days",
	.type = CONF_INT,
	.def = "21",
	.min = 2,
	.max = 365,
	.help = "days for which a rewritten sender takes what comes back",
};

CONF_KEY(forward_srs_key_days) = {
	.name = "forward.srs-key-days",
	.type = CONF_INT,
	.def = "90",
	.min = 1,
	.max = 3650,
	.help = "days after which senders are rewritten under a new key",
};

/* A record: version, then each key with the time of its making, the newest first. */
enum { VERSION = 1, KEYS_MAX = 16, ONE = 8 + sizeof(struct srs_key), DAY = 24 * 60 * 60 };

static const char room[] = "srs", what[] = "the keys of rewritten senders";

struct keys {
	struct srs_key key[KEYS_MAX];
	int64_t since[KEYS_MAX]; /* unix seconds */
	size_t n;
};

/* Loops read them: the lock is held for no longer than a copy takes. */
static struct keys keys;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t turning = PTHREAD_MUTEX_INITIALIZER;

static const struct source_sealer *sealer;

/* --- stored --- */

static bool find_sealed(struct slice key, struct slice value, struct buf *out, struct slice *secret)
{
	(void)key;
	buf_addz(out, what);
	*secret = value;
	return value.n > 0;
}

SEALED(srs) = { .room = "srs", .find = find_sealed };

static void read_keys(struct slice plain, struct keys *out)
{
	const unsigned char *p = (const unsigned char *)plain.p;

	*out = (struct keys){ 0 };
	if (plain.n < 1 || p[0] != VERSION)
		return;
	for (p++; out->n < KEYS_MAX && plain.n - 1 >= (out->n + 1) * ONE; p += ONE) {
		out->since[out->n] = (int64_t)num_get64(p);
		memcpy(out->key[out->n++].bytes, p + 8, sizeof(struct srs_key));
	}
}

/* Those that do not open (another master key) are as good as none: what comes back for
   them is not taken. */
static int load(struct keys *out, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };
	int found = store_record_get(room, SLICE("k"), &sealed);

	if (found == 1 && sealer->open(what, buf_slice(&sealed), &plain, NULL) != 0)
		buf_wipe(&plain);
	read_keys(buf_slice(&plain), out);
	buf_done(&sealed);
	buf_wipe(&plain);
	return found >= 0 ? 0 : err_set(err, ERR_TEMP, "cannot read %s", what);
}

static int save(const struct keys *these, struct err *err)
{
	struct buf sealed = { 0 }, plain = { 0 };
	unsigned char since[8];

	buf_room(&plain, 1 + KEYS_MAX * ONE);
	buf_addc(&plain, VERSION);
	for (size_t i = 0; i < these->n; i++) {
		num_put64(since, (uint64_t)these->since[i]);
		buf_add(&plain, since, sizeof(since));
		buf_add(&plain, these->key[i].bytes, sizeof(struct srs_key));
	}
	int rc = sealer->close(what, buf_slice(&plain), &sealed, err);
	if (rc == 0)
		rc = store_record_put(room, SLICE("k"), buf_slice(&sealed), err);
	buf_done(&sealed);
	buf_wipe(&plain);
	return rc;
}

static void use(struct keys *these)
{
	pthread_rwlock_wrlock(&lock);
	keys = *these;
	pthread_rwlock_unlock(&lock);
	bytes_wipe(these, sizeof(*these));
}

static void copy(struct keys *out)
{
	pthread_rwlock_rdlock(&lock);
	*out = keys;
	pthread_rwlock_unlock(&lock);
}

/* --- turning --- */

/* A key is given up when all that it made is old. */
static void forget_old(struct keys *these, int64_t now)
{
	int64_t days = conf_num(&conf_key_forward_srs_days);

	while (these->n > 1 && now - these->since[these->n - 2] > (days + 1) * DAY)
		these->n--;
	if (these->n == KEYS_MAX)
		these->n--;
}

static bool is_due(const struct keys *these, int64_t now)
{
	return these->n == 0 ||
	    now - these->since[0] > conf_num(&conf_key_forward_srs_key_days) * DAY;
}

/* A new key, unless another thread has just made one. What cannot be stored is not used. */
static int turn(bool always, struct err *err)
{
	int64_t now = time(NULL);
	struct keys these;
	int rc = 0;

	pthread_mutex_lock(&turning);
	copy(&these);
	if (always || is_due(&these, now)) {
		forget_old(&these, now);
		memmove(&these.key[1], &these.key[0], these.n * sizeof(*these.key));
		memmove(&these.since[1], &these.since[0], these.n * sizeof(*these.since));
		random_bytes(these.key[0].bytes, sizeof(these.key[0].bytes));
		these.since[0] = now;
		these.n++;
		rc = save(&these, err);
		if (rc == 0)
			use(&these);
	}
	pthread_mutex_unlock(&turning);
	bytes_wipe(&these, sizeof(these));
	return rc;
}

int forward_start(const struct source_sealer *with, struct err *err)
{
	struct keys these;

	sealer = with;
	if (load(&these, err) != 0)
		return -1;
	use(&these);
	return turn(false, err);
}

void forward_stop(void)
{
	bytes_wipe(&keys, sizeof(keys));
}

/* --- senders --- */

static bool wants_srs(struct slice by, struct pool *pool)
{
	struct conf_at at = { .domain = pool_str(
				  pool, slice_from(by, (size_t)(slice_rchr(by, '@') + 1))) };

	return conf_num_at(&conf_key_forward_srs, &at) != 0;
}

static bool rewrite(struct slice sender, struct slice domain, struct buf *out)
{
	struct err err = { 0 };
	struct keys these;

	copy(&these);
	if (sealer && is_due(&these, time(NULL))) {
		if (turn(false, &err) != 0)
			log_event(LOG_WARN, "srs-key-not-turned", log_z("reason", err.text));
		copy(&these);
	}
	bool done =
	    these.n > 0 && srs_forward(&these.key[0], time(NULL) / DAY, sender, domain, out);
	bytes_wipe(&these, sizeof(these));
	return done;
}

struct slice forward_sender(struct slice sender, struct slice by, struct pool *pool)
{
	ptrdiff_t at = slice_rchr(sender, '@'), own = slice_rchr(by, '@');
	struct buf out = { 0 };

	if (at < 0 || own < 0 || dir_is_domain(slice_from(sender, (size_t)at + 1)) ||
	    !wants_srs(by, pool))
		return sender;
	if (rewrite(sender, slice_from(by, (size_t)own + 1), &out))
		sender = pool_slice(pool, buf_slice(&out));
	buf_done(&out);
	return sender;
}

bool forward_back(struct slice local, struct pool *pool, struct slice *out)
{
	unsigned days = (unsigned)conf_num(&conf_key_forward_srs_days);
	struct buf text = { 0 };
	struct keys these;

	*out = (struct slice){ 0 };
	if (!srs_is(local))
		return false;
	copy(&these);
	enum srs_verdict verdict =
	    srs_reverse(these.key, these.n, time(NULL) / DAY, days, local, &text);
	bytes_wipe(&these, sizeof(these));
	if (verdict == SRS_GOOD)
		*out = pool_slice(pool, buf_slice(&text));
	else
		log_event(LOG_INFO, "srs-refused", log_s("local", local),
		    log_z("reason", verdict == SRS_OLD ? "old" : "forged"));
	buf_done(&text);
	return true;
}

/* --- what admins do --- */

static int run_show(struct op_call *call)
{
	struct keys these;

	copy(&these);
	for (size_t i = 0; i < these.n; i++) {
		op_row(call);
		op_put_time(call, "since", these.since[i]);
		op_put_text(
		    call, "use", i == 0 ? SLICE("makes and opens") : SLICE("opens what it made"));
	}
	bytes_wipe(&these, sizeof(these));
	return 0;
}

OPERATION(srs_show) = {
	.name = "srs show",
	.role = OP_SERVER_ADMIN,
	.help = "list the keys under which senders of forwarded mail are rewritten",
	.reads = true,
	.lists = true,
	.run = run_show,
};

static int run_rotate(struct op_call *call)
{
	struct err err = { 0 };

	return op_done(call, turn(true, &err), &err);
}

OPERATION(srs_rotate) = {
	.name = "srs rotate",
	.role = OP_SERVER_ADMIN,
	.help = "rewrite senders under a new key from now on; what comes back for the old is taken",
	.run = run_rotate,
};
