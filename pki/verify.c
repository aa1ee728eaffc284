/* verify.c - building a path from a certificate to one that is trusted
 *
 * Depth first: each certificate's issuers are looked for among the trusted ones,
 * then among those that were sent along. What is cheap is checked before the
 * signature is, no signature is checked twice, and all that is tried counts against
 * a limit, so that no cleverly made heap of certificates costs more than some dozen
 * signatures. Of many reasons for refusal the one that came farthest is told. */
#include "pki/verify_private.h"

#include <stdlib.h>

#include "pki/der.h"
#include "pki/signature.h"

/* --- telling --- */

static void say(const struct verify_search *s, const struct cert *about, const char *what)
{
	struct buf text = { 0 };

	if (!s->spec->say)
		return;
	cert_name_text(about->subject, &text);
	buf_printf(&text, "%s: %s", text.n > 0 ? "" : "(no name)", what);
	s->spec->say(s->spec->arg, s->n + s->nest, buf_z(&text));
	buf_done(&text);
}

/* Why not; the certificate that is meant is named, unless it is the first one. */
static void tell(
    struct verify_search *s, size_t depth, const struct cert *about, const struct err *err)
{
	struct buf name = { 0 };

	say(s, about, err->text);
	if (depth < s->farthest)
		return;
	s->farthest = depth;
	if (about == s->path[0]) {
		s->why = *err;
		return;
	}
	cert_name_text(about->subject, &name);
	err_set(&s->why, err->kind, "%s: %.*s", err->text, SLICE_ARG(buf_slice(&name)));
	buf_done(&name);
}

static void tell_nobody(struct verify_search *s)
{
	struct buf name = { 0 };
	const struct cert *last = s->path[s->n - 1];

	if (s->n < s->farthest)
		return;
	s->farthest = s->n;
	cert_name_text(last->issuer, &name);
	err_set(&s->why, ERR_INPUT,
	    cert_name_same(last->issuer, last->subject) ? "it is self-signed and not trusted: %.*s"
							: "its issuer is not known: %.*s",
	    SLICE_ARG(buf_slice(&name)));
	buf_done(&name);
}

/* --- signatures, each once --- */

static bool recall(const struct verify_work *w, const void *what, const struct cert *ca, bool *good)
{
	for (size_t i = 0; i < w->n_known; i++)
		if (w->known[i].what == what && w->known[i].ca == ca) {
			*good = w->known[i].good;
			return true;
		}
	return false;
}

static bool remember(struct verify_work *w, const void *what, const struct cert *ca, bool good)
{
	w->known[w->n_known].what = what;
	w->known[w->n_known].ca = ca;
	w->known[w->n_known++].good = good;
	return good;
}

static bool verify_signed(
    struct verify_work *w, const struct cert *cert, const struct cert *ca, struct err *err)
{
	bool good = false;

	if (recall(w, cert, ca, &good)) {
		if (!good)
			err_set(err, ERR_INPUT, "its signature does not fit");
		return good;
	}
	if (w->signatures == 0) {
		err_set(err, ERR_LIMIT, "there are more signatures than are looked at");
		return false;
	}
	w->signatures--;
	return remember(w, cert, ca, verify_signature(cert, ca, err) == 0);
}

bool verify_list_signed(struct verify_work *w, const struct crl *list, const struct cert *ca)
{
	bool good = false;

	if (recall(w, list, ca, &good))
		return good;
	if (w->signatures == 0)
		return false;
	w->signatures--;
	return remember(w, list, ca, crl_is_of(list, ca));
}

/* --- one step --- */

/* RFC 5280 6.1: no certificate twice; the same key under the same name is as
   good as the same. */
static bool on_path(const struct verify_search *s, const struct cert *cert)
{
	for (size_t i = 0; i < s->n; i++)
		if (slice_eq(s->path[i]->public_info, cert->public_info) &&
		    cert_name_same(s->path[i]->subject, cert->subject))
			return true;
	return false;
}

/* Ids of keys are hints, and where both have one they agree. */
static bool ids_differ(const struct cert *cert, const struct cert *ca)
{
	return cert->authority_key_id.n > 0 && ca->subject_key_id.n > 0 &&
	    !slice_eq(cert->authority_key_id, ca->subject_key_id);
}

static unsigned authorities_below(const struct verify_search *s)
{
	unsigned below = 0;

	for (size_t i = 1; i < s->n; i++)
		below += !verify_self_issued(s->path[i]);
	return below;
}

static int names_allowed(struct verify_search *s, const struct cert *ca, struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if ((i == 0 || !verify_self_issued(s->path[i])) &&
		    verify_names(ca, s->path[i], s->spec->profile, &s->work->compares, err) != 0)
			return -1;
	return 0;
}

static int allowed(struct verify_search *s, const struct cert *ca, bool trusted, struct err *err)
{
	unsigned below = authorities_below(s);

	if (s->spec->limit > 0 && below >= s->spec->limit)
		return err_set(err, ERR_INPUT, "the path is longer than was allowed");
	if (verify_authority(s->spec, ca, below, err) != 0)
		return -1;
	if (s->spec->profile && profile_authority(s->spec, ca, trusted, err) != 0)
		return -1;
	return names_allowed(s, ca, err);
}

static bool algorithm_allowed(const struct verify_spec *spec, const struct cert *cert)
{
	int kind = signature_kind(cert->signature_algorithm);

	return spec->algorithms == 0 || (kind >= 0 && (spec->algorithms & 1u << kind));
}

/* Could it have issued the last one of the path, for that purpose? */
static bool issued(struct verify_search *s, const struct cert *ca, bool trusted)
{
	const struct cert *cert = s->path[s->n - 1];
	struct err err = { 0 };

	if (allowed(s, ca, trusted, &err) != 0) {
		tell(s, s->n, ca, &err);
		return false;
	}
	if (!algorithm_allowed(s->spec, cert)) {
		err_set(&err, ERR_INPUT, "it is signed in a way that was not allowed");
		tell(s, s->n, cert, &err);
		return false;
	}
	if (!verify_signed(s->work, cert, ca, &err)) {
		tell(s, s->n, cert, &err);
		return false;
	}
	return true;
}

static bool candidate(struct verify_search *s, const struct cert *ca, bool trusted)
{
	if (s->work->steps == 0)
		return false;
	s->work->steps--;
	if (ids_differ(s->path[s->n - 1], ca)) {
		struct err err = { 0 };
		err_set(&err, ERR_INPUT, "this is not the key that signed the one before");
		tell(s, s->n, ca, &err);
		return false;
	}
	return issued(s, ca, trusted);
}

/* --- the whole path --- */

static bool holds(struct verify_search *s)
{
	struct err err = { 0 };

	if (s->nest == 0 && verify_policy(&s->spec->policies, s->path, s->n, &err) != 0) {
		tell(s, s->n + 1, s->path[0], &err);
		return false;
	}
	for (size_t i = s->n - 1; i-- > 0;)
		if (verify_revoked(s, i, &err) != 0) {
			tell(s, s->n + 1, s->path[i], &err);
			return false;
		}
	return true;
}

/* Who signs lists must end where the path does that they are about. */
static bool anchor_is_wanted(const struct verify_search *s, const struct cert *anchor)
{
	return !s->anchor || s->anchor == anchor ||
	    (slice_eq(s->anchor->public_info, anchor->public_info) &&
		cert_name_same(s->anchor->subject, anchor->subject));
}

static bool end_at(struct verify_search *s, const struct cert *anchor)
{
	if (!anchor_is_wanted(s, anchor) || !candidate(s, anchor, true))
		return false;
	s->path[s->n++] = anchor;
	say(s, anchor, "is trusted, and signed the one before");
	if (holds(s))
		return true;
	s->n--;
	return false;
}

static bool reach_anchor(struct verify_search *s)
{
	const struct cert *anchor;
	struct buf issuer = { 0 };
	size_t at = 0;
	bool found = false;

	cert_name_canonical(s->path[s->n - 1]->issuer, &issuer);
	while (!found && (anchor = trust_next(s->spec->trust, buf_slice(&issuer), &at)) != NULL)
		found = end_at(s, anchor);
	buf_done(&issuer);
	return found;
}

static bool extend(struct verify_search *s);

static bool go_through(struct verify_search *s, const struct cert *ca)
{
	if (on_path(s, ca) || !candidate(s, ca, false))
		return false;
	s->path[s->n++] = ca;
	say(s, ca, "signed the one before");
	if (extend(s))
		return true;
	s->n--;
	return false;
}

/* Calls itself at most VERIFY_PATH_MAX deep; leaves a good path in place. */
static bool extend(struct verify_search *s)
{
	const struct cert *last = s->path[s->n - 1];
	struct verify_work *w = s->work;

	if (s->n == VERIFY_PATH_MAX - 1)
		return false;
	tell_nobody(s);
	if (reach_anchor(s))
		return true;
	for (size_t i = 1; i < w->n_sent; i++)
		if (cert_name_same(w->sent[i].subject, last->issuer) && go_through(s, &w->sent[i]))
			return true;
	return false;
}

bool verify_run(struct verify_search *s)
{
	s->n = 1;
	say(s, s->path[0], s->nest ? "signed a list" : "is judged");
	/* One that is trusted itself needs nobody else. */
	return trust_has(s->spec->trust, s->path[0]) || extend(s);
}

/* --- the question --- */

/* What was sent along and cannot be read is not there. */
static void read_sent(struct verify_work *w, struct slice chain)
{
	while (w->n_sent < SENT_MAX && cert_next(&chain, &w->sent[w->n_sent]))
		w->n_sent++;
}

static int judge(struct verify_search *s, struct slice chain, struct err *err)
{
	read_sent(s->work, chain);
	if (s->work->n_sent == 0)
		return err_set(err, ERR_INPUT, "it cannot be read");
	s->path[0] = &s->work->sent[0];
	if (verify_leaf(s->spec, s->path[0], err) != 0)
		return -1;
	if (s->spec->profile && profile_leaf(s->spec, s->path[0], err) != 0)
		return -1;
	return verify_run(s) ? 0 : err_set(err, s->why.kind, "%s", s->why.text);
}

int verify_find(
    const struct verify_spec *spec, struct slice chain, struct verify_path *path, struct err *err)
{
	struct verify_work *work = mem_get(sizeof(*work));
	struct verify_search s = { .spec = spec, .work = work };

	work->signatures = SIGNATURES_MAX;
	work->steps = STEPS_MAX;
	work->compares = COMPARES_MAX;
	int rc = judge(&s, chain, err);
	for (path->n = 0; rc == 0 && path->n < s.n; path->n++)
		path->cert[path->n] = *s.path[path->n];
	free(work);
	return rc;
}

int verify_chain(const struct verify_spec *spec, struct slice chain, struct err *err)
{
	struct verify_path path;

	return verify_find(spec, chain, &path, err);
}
