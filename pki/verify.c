/* verify.c - building a path from a certificate to one that is trusted
 *
 * Depth first: each certificate's issuers are looked for among the trusted ones,
 * then among those that were sent along. What is cheap is checked before the
 * signature is, and all that is tried counts against a limit, so that no
 * cleverly made heap of certificates costs more than some dozen signatures. Of
 * many reasons for refusal the one that came farthest is told. */
#include "pki/verify_private.h"

#include <arpa/inet.h>

#include "pki/der.h"

enum { DEPTH_MAX = 10, SENT_MAX = 20, SIGNATURES_MAX = 40, STEPS_MAX = 400, COMPARES_MAX = 50000 };

struct search {
	const struct verify_spec *spec;
	struct cert sent[SENT_MAX];
	size_t n_sent;
	const struct cert *path[DEPTH_MAX];
	size_t n;
	unsigned signatures, steps, compares; /* that may still be made */
	size_t farthest;		      /* how long the path was that why is about */
	struct err why;
};

/* --- why not --- */

/* The certificate that is meant, unless it is the first one. */
static void tell(struct search *s, size_t depth, const struct cert *about, const struct err *err)
{
	struct buf name = { 0 };

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

static void tell_nobody(struct search *s)
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

/* --- one step --- */

/* RFC 5280 6.1: no certificate twice; the same key under the same name is as
   good as the same. */
static bool on_path(const struct search *s, const struct cert *cert)
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

static unsigned authorities_below(const struct search *s)
{
	unsigned below = 0;

	for (size_t i = 1; i < s->n; i++)
		below += !verify_self_issued(s->path[i]);
	return below;
}

static int names_allowed(struct search *s, const struct cert *ca, struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if ((i == 0 || !verify_self_issued(s->path[i])) &&
		    verify_names(ca, s->path[i], &s->compares, err) != 0)
			return -1;
	return 0;
}

/* Could it have issued the last one of the path, for that purpose? */
static bool issued(struct search *s, const struct cert *ca)
{
	const struct cert *cert = s->path[s->n - 1];
	struct err err = { 0 };

	if (verify_authority(s->spec, ca, authorities_below(s), &err) != 0) {
		tell(s, s->n, ca, &err);
		return false;
	}
	if (names_allowed(s, ca, &err) != 0) {
		tell(s, s->n, ca, &err);
		return false;
	}
	if (s->signatures == 0)
		return false;
	s->signatures--;
	if (verify_signature(cert, ca, &err) != 0) {
		tell(s, s->n, cert, &err);
		return false;
	}
	const struct trust *lists = s->spec->revoked ? s->spec->revoked : s->spec->trust;
	if (trust_revoked(lists, cert, ca, &s->signatures)) {
		err_set(&err, ERR_INPUT, "it was revoked");
		tell(s, s->n, cert, &err);
		return false;
	}
	return true;
}

static bool candidate(struct search *s, const struct cert *ca)
{
	if (s->steps == 0)
		return false;
	s->steps--;
	return !ids_differ(s->path[s->n - 1], ca) && issued(s, ca);
}

/* --- the way --- */

static bool reach_anchor(struct search *s, struct slice issuer)
{
	const struct cert *anchor;
	size_t at = 0;

	while ((anchor = trust_next(s->spec->trust, issuer, &at)) != NULL)
		if (candidate(s, anchor))
			return true;
	return false;
}

static bool extend(struct search *s);

static bool go_through(struct search *s, const struct cert *ca)
{
	if (on_path(s, ca) || !candidate(s, ca))
		return false;
	s->path[s->n++] = ca;
	bool found = extend(s);
	s->n--;
	return found;
}

/* Calls itself at most DEPTH_MAX deep. */
static bool extend(struct search *s)
{
	const struct cert *last = s->path[s->n - 1];
	struct buf issuer = { 0 };

	if (s->n == DEPTH_MAX)
		return false;
	tell_nobody(s);
	cert_name_canonical(last->issuer, &issuer);
	bool found = reach_anchor(s, buf_slice(&issuer));
	buf_done(&issuer);
	for (size_t i = 1; i < s->n_sent && !found; i++)
		if (cert_name_same(s->sent[i].subject, last->issuer))
			found = go_through(s, &s->sent[i]);
	return found;
}

/* What was sent along and cannot be read is not there. */
static void read_sent(struct search *s, struct slice chain)
{
	while (s->n_sent < SENT_MAX && cert_next(&chain, &s->sent[s->n_sent]))
		s->n_sent++;
}

int verify_chain(const struct verify_spec *spec, struct slice chain, struct err *err)
{
	struct search s = { .spec = spec,
		.signatures = SIGNATURES_MAX,
		.steps = STEPS_MAX,
		.compares = COMPARES_MAX };

	read_sent(&s, chain);
	if (s.n_sent == 0)
		return err_set(err, ERR_INPUT, "it cannot be read");
	s.path[s.n++] = &s.sent[0];
	if (verify_leaf(spec, &s.sent[0], err) != 0)
		return -1;
	/* One that is trusted itself needs nobody else. */
	if (trust_has(spec->trust, &s.sent[0]) || extend(&s))
		return 0;
	return err_set(err, s.why.kind, "%s", s.why.text);
}

/* --- names --- */

static bool covers_address(const struct cert *cert, struct slice address)
{
	struct slice rest = cert->alt_names;
	struct der name;

	while (der_next(&rest, &name))
		if (name.tag == (DER_CONTEXT | 7) && slice_eq(name.value, address))
			return true;
	return false;
}

static bool covers(const struct cert *cert, struct slice host)
{
	unsigned char address[sizeof(struct in6_addr)];
	struct buf text = { 0 };
	bool covered;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	buf_adds(&text, host);
	if (inet_pton(AF_INET, buf_z(&text), address) == 1)
		covered = covers_address(cert, slice_of(address, sizeof(struct in_addr)));
	else if (inet_pton(AF_INET6, buf_z(&text), address) == 1)
		covered = covers_address(cert, slice_of(address, sizeof(address)));
	else
		covered = host.n > 0 && cert_covers(cert, host);
	buf_done(&text);
	return covered;
}

int verify_host(struct slice chain, const char *host, struct slice names, struct err *err)
{
	struct cert leaf;

	if (!cert_next(&chain, &leaf))
		return err_set(err, ERR_INPUT, "it cannot be read");
	if (host && covers(&leaf, slice_str(host)))
		return 0;
	for (struct slice name; (name = slice_word(&names)).n > 0;)
		if (covers(&leaf, name))
			return 0;
	return err_set(err, ERR_INPUT, "it is not for %s", host ? host : "that host");
}
