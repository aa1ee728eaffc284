/* staple.c - staples are fetched in time: by workers, told by one thread that knows when
 *
 * Memory holds a place for each domain with something to be asked, and nothing else. */
#include "pki/staple.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/log.h"
#include "core/loop.h"
#include "core/random.h"
#include "pki/staple_private.h"

enum { TICK_MS = 500, AT_ONCE = 4, RETRY_MAX = 3600, LONGEST = 7 * 24 * 3600 };

static void wanted_changed(int64_t num);

CONF_KEY(pki_ocsp) = {
	.name = "pki.ocsp",
	.type = CONF_BOOL,
	.scopes = CONF_SERVER | CONF_DOMAIN,
	.def = "on",
	.help = "ask the issuers of domains' certificates whether they are still good, and staple "
		"their answers",
	.changed = wanted_changed,
};

CONF_KEY(pki_ocsp_retry) = {
	.name = "pki.ocsp-retry",
	.type = CONF_DURATION,
	.def = "1m",
	.min = 1000,
	.max = RETRY_MAX * 1000,
	.help =
	    "after what time a responder is asked again that did not answer; doubled each time, "
	    "up to an hour",
};

struct place {
	struct place *next;
	char *domain;
	int64_t due; /* unix seconds */
	unsigned failures;
	bool busy, again; /* a worker has it; its certificate changed meanwhile */
	char reason[256];
};

static struct {
	pthread_mutex_t lock;
	struct place *first;
	unsigned busy;
	bool on;
} places = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_bool look_at_all = true;

void staple_look_at_all(void)
{
	look_at_all = true;
}

static void wanted_changed(int64_t num)
{
	(void)num;
	staple_look_at_all();
}

/* --- when --- */

static int64_t with_jitter(int64_t seconds)
{
	uint32_t random;

	random_bytes(&random, sizeof(random));
	return seconds - seconds / 10 + (int64_t)(random % (uint32_t)(seconds / 5 + 1));
}

/* At half of its life; so a responder may be away as long as that. */
static int64_t due_after(const struct ocsp_answer *answer, int64_t fetched)
{
	int64_t life = answer->next_update - answer->this_update;

	if (!answer->next_update || life > LONGEST || life <= 0)
		life = LONGEST;
	return (answer->next_update ? answer->this_update : fetched) + with_jitter(life / 2);
}

static int64_t due_after_failure(unsigned failures)
{
	int64_t seconds = conf_num(&conf_key_pki_ocsp_retry) / 1000;

	for (unsigned i = 1; i < failures && seconds < RETRY_MAX; i++)
		seconds *= 2;
	return time(NULL) + with_jitter(seconds < RETRY_MAX ? seconds : RETRY_MAX);
}

/* --- places; with the lock held --- */

static struct place **place_of(struct slice domain)
{
	struct place **at = &places.first;

	while (*at && !slice_eq(slice_str((*at)->domain), domain))
		at = &(*at)->next;
	return at;
}

static struct place *place_make(struct slice domain)
{
	struct place **at = place_of(domain);

	if (!*at) {
		*at = mem_get(sizeof(**at));
		(*at)->domain = mem_str(domain);
	}
	return *at;
}

static void place_drop(struct slice domain)
{
	struct place **at = place_of(domain), *place = *at;

	if (!place)
		return;
	place->again = true;
	place->due = 0;
	if (place->busy)
		return; /* its worker will see that there is nothing to be asked */
	*at = place->next;
	free(place->domain);
	free(place);
}

/* --- a domain's certificate --- */

static bool is_about(const struct staple_record *record, struct slice leaf)
{
	unsigned char digest[DIGEST_SIZE];

	digest_sha256(leaf, digest);
	return memcmp(digest, record->leaf, DIGEST_SIZE) == 0;
}

/* When it is to be asked next, by what is stored; 0: now. */
static int64_t stored_due(struct slice domain, const struct staple_subject *subject)
{
	struct staple_record record;
	struct buf bytes = { 0 };
	int64_t due = 0;

	if (staple_record_get(domain, &bytes, &record) == 1 &&
	    is_about(&record, buf_slice(&subject->leaf)))
		due = due_after(&record.answer, record.fetched);
	buf_done(&bytes);
	return due;
}

void staple_look(struct slice domain)
{
	struct staple_subject subject;
	struct pool pool = { 0 };
	struct slice name = slice_str(pool_str(&pool, domain));
	bool wanted = places.on && staple_subject_get(name, &subject) == 1;
	int64_t due = wanted ? stored_due(name, &subject) : 0;

	pthread_mutex_lock(&places.lock);
	if (wanted) {
		struct place *place = place_make(name);
		place->due = due;
		place->failures = 0;
		place->again = place->busy;
		*place->reason = '\0';
	} else {
		place_drop(name);
	}
	pthread_mutex_unlock(&places.lock);
	if (places.on)
		staple_subject_done(&subject);
	if (places.on && !wanted && staple_record_drop(name))
		choose_forget(name, false);
	pool_done(&pool);
}

/* --- a worker's turn --- */

struct turn {
	struct task task;
	char domain[];
};

static void settle(
    struct place *place, int rc, const struct ocsp_answer *answer, const struct err *err)
{
	bool fetched = rc == 0 && answer->verdict != OCSP_SAYS_UNKNOWN;

	place->failures = fetched ? 0 : place->failures + 1;
	place->due = fetched ? due_after(answer, time(NULL)) : due_after_failure(place->failures);
	snprintf(place->reason, sizeof(place->reason), "%s", rc == 0 ? "" : err->text);
}

static void run_turn(struct task *task)
{
	struct turn *turn = (struct turn *)task;
	struct slice domain = slice_str(turn->domain);
	struct ocsp_answer answer;
	struct err err = { 0 };
	int rc = staple_fetch(domain, &answer, &err);

	if (rc != 0)
		log_event(
		    LOG_WARN, "ocsp-failed", log_s("domain", domain), log_z("reason", err.text));
	pthread_mutex_lock(&places.lock);
	places.busy--;
	struct place *place = *place_of(domain);
	if (place) {
		place->busy = false;
		settle(place, rc, &answer, &err);
		if (place->again)
			place->due = 0;
		place->again = false;
		if (rc != 0 && err.kind == ERR_ABSENT)
			place_drop(domain);
	}
	pthread_mutex_unlock(&places.lock);
	free(turn);
}

/* With the lock held. */
static void begin(struct place *place)
{
	struct turn *turn = mem_get(sizeof(*turn) + strlen(place->domain) + 1);

	turn->task.run = run_turn;
	memcpy(turn->domain, place->domain, strlen(place->domain) + 1);
	place->busy = true;
	places.busy++;
	worker_post(&turn->task);
}

static bool note_domain(void *arg, struct slice domain, const struct domain_record *record)
{
	struct buf *names = arg;

	(void)record;
	buf_adds(names, domain);
	buf_addc(names, '\n');
	return true;
}

static void look_at_each(void)
{
	struct buf names = { 0 };

	record_each(note_domain, &names);
	for (struct slice rest = buf_slice(&names); rest.n > 0 && !threads_ending();)
		staple_look(slice_cut(&rest, '\n'));
	buf_done(&names);
}

static void keep_up(void *arg)
{
	(void)arg;
	while (!threads_sleep(TICK_MS)) {
		if (atomic_exchange(&look_at_all, false))
			look_at_each();
		int64_t now = time(NULL);
		pthread_mutex_lock(&places.lock);
		for (struct place *p = places.first; p && places.busy < AT_ONCE; p = p->next)
			if (!p->busy && p->due <= now)
				begin(p);
		pthread_mutex_unlock(&places.lock);
	}
}

/* --- start and end --- */

int staple_start(struct err *err)
{
	places.on = true;
	return thread_start("staple", keep_up, NULL, err);
}

void staple_stop(void)
{
	places.on = false;
	while (places.first) {
		struct place *place = places.first;
		places.first = place->next;
		free(place->domain);
		free(place);
	}
}

/* --- asked for --- */

void staple_get(const char *domain, const struct cert *leaf, struct staple *out)
{
	struct slice name = slice_str(domain);
	struct staple_subject subject;
	struct staple_record record;
	struct buf bytes = { 0 };

	*out = (struct staple){ 0 };
	if (places.on && staple_record_get(name, &bytes, &record) == 1 && record.response.n > 0 &&
	    record.answer.next_update > time(NULL) && is_about(&record, leaf->der)) {
		if (staple_subject_get(name, &subject) == 1) {
			buf_adds(&out->response, record.response);
			buf_adds(&out->issuer, buf_slice(&subject.issuer));
			out->until = record.answer.next_update;
		}
		staple_subject_done(&subject);
	}
	buf_done(&bytes);
}

void staple_done(struct staple *staple)
{
	buf_done(&staple->response);
	buf_done(&staple->issuer);
}

int staple_refresh(struct slice domain, struct err *err)
{
	struct ocsp_answer answer;

	staple_look(domain);
	int rc = staple_fetch(domain, &answer, err);
	pthread_mutex_lock(&places.lock);
	struct place *place = *place_of(domain);
	if (place && !place->busy)
		settle(place, rc, &answer, err);
	pthread_mutex_unlock(&places.lock);
	return rc;
}

static void take_place(struct slice domain, struct staple_state *out)
{
	pthread_mutex_lock(&places.lock);
	const struct place *place = *place_of(domain);
	if (place) {
		out->due = place->due;
		memcpy(out->reason, place->reason, sizeof(out->reason));
	}
	pthread_mutex_unlock(&places.lock);
}

int staple_state(struct slice domain, struct pool *pool, struct staple_state *out)
{
	struct domain_record domain_record;
	struct staple_record record;
	struct buf bytes = { 0 }, stored = { 0 };
	struct cert leaf;

	*out = (struct staple_state){ 0 };
	int found = record_get(domain, &bytes, &domain_record);
	struct slice rest = found == 1 ? domain_record.leaf : (struct slice){ 0 };
	if (found == 1 && !cert_next(&rest, &leaf))
		found = 0;
	if (found == 1) {
		struct slice url;
		if (ocsp_url(&leaf, &url))
			out->url = pool_slice(pool, url);
		out->must_staple = ocsp_must_staple(&leaf);
		out->known =
		    staple_record_get(domain, &stored, &record) == 1 && is_about(&record, leaf.der);
		if (out->known) {
			out->answer = record.answer;
			out->fetched = record.fetched;
		}
		take_place(domain, out);
	}
	buf_done(&bytes);
	buf_done(&stored);
	return found;
}

void staple_advice(struct slice domain, void (*tell)(void *arg, const char *sentence), void *arg)
{
	struct staple_state state;
	struct pool pool = { 0 };

	if (staple_state(domain, &pool, &state) == 1) {
		bool good = state.known && state.answer.verdict == OCSP_SAYS_GOOD &&
		    state.answer.next_update > time(NULL);
		if (state.known && state.answer.verdict == OCSP_SAYS_REVOKED)
			tell(arg,
			    "The issuer says that the certificate is revoked: get another one");
		if (state.must_staple && !good)
			tell(arg,
			    "The certificate must be stapled (RFC 7633), and there is no answer "
			    "of its issuer to staple: clients that know this will refuse it");
	}
	pool_done(&pool);
}
